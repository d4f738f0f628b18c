"""What cron calls: one tick of all tiers, or as many as it takes."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import typer

from pincali_sync.bootstrap import build_runner, open_services
from pincali_sync.cli.app import run
from pincali_sync.cli.output import JsonOption, print_json
from pincali_sync.cli.tier_commands import check_browser, exit_status_of, print_runs
from pincali_sync.config import load_config
from pincali_sync.db.repositories.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import ExitStatus, LockedError
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
    runs = asyncio.run(_tick(None if tier is None else Tier.parse(tier), wait=wait))
    if as_json:
        print_json(runs)
    elif runs:
        print_runs(runs)
    raise typer.Exit(max((exit_status_of(each) for each in runs), default=ExitStatus.DONE))


async def _tick(tier: Tier | None, *, wait: bool) -> list[SyncRun]:
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
            still_open = runs is None or any(each.status == "running" for each in runs)
            if not wait or not still_open:
                return list(seen.values())
            await asyncio.sleep(_TICK_SECONDS)


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
