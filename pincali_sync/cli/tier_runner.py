"""What cron calls: one tick of all tiers, or as many as it takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Annotated

import typer

from pincali_sync.bootstrap import Services, build_runner, open_services
from pincali_sync.cli.app import run
from pincali_sync.cli.output import JsonOption, print_json
from pincali_sync.cli.tier_commands import check_browser, exit_status_of, print_runs
from pincali_sync.config import load_config
from pincali_sync.db.repositories.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import ExitStatus, LockedError
from pincali_sync.services.pause_service import Pause, explain
from pincali_sync.services.scheduler_service import SchedulerService

logger = logging.getLogger(__name__)

_TICK_SECONDS = 1.0

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def tier_runner(
    tier: Annotated[
        str | None, typer.Option(metavar="N", help="Start this tier now, due or not.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until no run is open.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Move every open run one step on, start what is due, and return."""
    runs, held_back = asyncio.run(_tick(None if tier is None else Tier.parse(tier), wait=wait))
    if as_json:
        print_json(runs)
    elif runs:
        print_runs(runs)
    for pause in held_back:
        typer.echo(explain(pause), err=True)
    statuses = [exit_status_of(each) for each in runs]
    statuses += [ExitStatus.PAUSED_OR_BLOCKED for _ in held_back]
    raise typer.Exit(max(statuses, default=ExitStatus.DONE))


async def _tick(tier: Tier | None, *, wait: bool) -> tuple[list[SyncRun], list[Pause]]:
    """The runs of one tick, or of as many as it takes, and the pauses that hold some back."""
    config = load_config()
    check_browser(config)
    async with open_services(config) as services:
        scheduler = services.scheduler(build_runner(config))
        if tier is not None:
            await scheduler.start_now(tier)
        seen: dict[str, SyncRun] = {}
        while True:
            runs = await _one_tick(scheduler, start_due=tier is None, patient=wait)
            seen.update({str(each.id): each for each in runs or ()})
            held_back = await _held_back(services, runs or ())
            still_open = runs is None or any(each.status == "running" for each in runs)
            if not wait or held_back or not still_open:
                return list(seen.values()), held_back
            await asyncio.sleep(_TICK_SECONDS)


async def _held_back(services: Services, runs: Iterable[SyncRun]) -> list[Pause]:
    """The pauses in which open runs rest: waiting for those would be in vain."""
    pauses = [
        await services.pauses.of_tier(Tier(run.tier_level))
        for run in runs
        if run.status == "running"
    ]
    return list({pause.scope: pause for pause in pauses if pause is not None}.values())


async def _one_tick(
    scheduler: SchedulerService, *, start_due: bool, patient: bool
) -> list[SyncRun] | None:
    """One tick's runs; None when another runner was at work and we may wait for it."""
    try:
        return await scheduler.tick(start_due=start_due)
    except LockedError:
        if not patient:
            raise
        return None


def main() -> int:
    """The exit status of one call."""
    return run(app)
