"""What cron calls: one tick of all tiers, or as many as it takes."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from pincali_sync.bootstrap import Services, build_runner, open_services
from pincali_sync.cli.app import run
from pincali_sync.cli.asking import run_until_told
from pincali_sync.cli.help import HELP
from pincali_sync.cli.output import JsonOption, echo, print_json, tier_option
from pincali_sync.cli.run_views import print_runs
from pincali_sync.cli.tier_commands import check_tools, exit_status_of, tell_what_stays
from pincali_sync.config import Config, load_config
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.site.pace import Pause
from pincali_sync.doctor.precautions import precautions, warn_once_a_day
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import ExitStatus, LockedError, UsageError, in_one_line, line_of
from pincali_sync.files import UMASK
from pincali_sync.language import ENGLISH, speaking
from pincali_sync.notify import HealthcheckPing
from pincali_sync.services.scheduler_service import SchedulerService
from pincali_sync.services.site.pauses import explain

logger = logging.getLogger(__name__)

_TICK_SECONDS = 1.0
Ticked = tuple[list[SyncRun], list[Pause]]  # the runs, and what holds some of them back

app = typer.Typer(
    add_completion=False,
    context_settings=HELP,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def tier_runner(
    tier: Annotated[Tier | None, tier_option("Start this tier now, due or not.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until no run is open.")] = False,
    only_open: Annotated[
        bool, typer.Option("--open", help="Move on what is open; start no run.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Move every open run one step on, start what is due, and return."""
    if only_open and tier is not None:
        raise UsageError("--tier starts a run, --open starts none: only one of them")
    config = load_config()
    with speaking(ENGLISH):  # as all that is logged
        warn_once_a_day(config.home, precautions())
    runs, held_back = run_until_told(_watched_tick(config, tier, wait=wait, only_open=only_open))
    if as_json:
        print_json(runs)
    elif runs:
        print_runs(runs)
    for pause in held_back:
        echo(explain(pause), err=True)
    raise typer.Exit(_status_of(runs, held_back))


async def _watched_tick(
    config: Config, tier: Tier | None, *, wait: bool, only_open: bool
) -> Ticked:
    """A tick that whoever watches cron hears of: that it began, and how it ended."""
    url = config.healthcheck_url
    ping = HealthcheckPing(url.get_secret_value() if url else None)
    await ping.started()
    unseen: list[Exception] = []
    try:
        runs, held_back = await _tick(config, tier, wait=wait, only_open=only_open, unseen=unseen)
    except LockedError:
        raise  # the runner that holds the lock says how its tick ends
    except Exception as error:
        await ping.failed(line_of(error))
        raise
    # The work is done where nobody could be alerted, but then somebody outside has to know.
    wrong = [*_what_is_wrong(runs, held_back), *map(in_one_line, unseen)]
    if wrong:
        await ping.failed("\n".join(wrong))
    else:
        await ping.succeeded()
    return runs, held_back


def _what_is_wrong(runs: Iterable[SyncRun], held_back: Iterable[Pause]) -> list[str]:
    failed = [
        f"tier {run.tier_level} {run.status}: {run.trouble}"
        for run in runs
        if exit_status_of(run) is not ExitStatus.DONE
    ]
    return [*failed, *map(explain, held_back)]


def _status_of(runs: Iterable[SyncRun], held_back: Iterable[Pause]) -> ExitStatus:
    statuses = [exit_status_of(each) for each in runs]
    statuses += [ExitStatus.PAUSED_OR_BLOCKED for _ in held_back]
    return max(statuses, default=ExitStatus.DONE)


async def _tick(
    config: Config, tier: Tier | None, *, wait: bool, only_open: bool, unseen: list[Exception]
) -> Ticked:
    """The runs of one tick, or of as many as it takes, and the pauses that hold some back."""
    check_tools(config)
    async with open_services(config) as services:
        objection = services.db.clock.objection
        warn_once_a_day(config.home, [objection] if objection else [], subject="clock")
        scheduler = services.scheduler(build_runner(config))
        started = [] if tier is None else [await scheduler.start_now(tier)]
        seen = {str(each.id): each for each in started}
        start_due = tier is None and not only_open
        try:
            while True:
                runs = await _next_runs(scheduler, start_due=start_due, wait=wait, unseen=unseen)
                seen.update({str(each.id): each for each in runs})
                held_back = await _held_back(services, runs)
                if not (wait or held_back or await services.pauses.of_tier(None)):
                    # Told at the end: what needs no node was done. Whoever paused all may have
                    # stopped the nodes, too.
                    await scheduler.orchestrator.jobs.nodes.check()
                if not wait or held_back or all(each.status != "running" for each in runs):
                    return list(seen.values()), held_back
                await asyncio.sleep(_TICK_SECONDS)
        except asyncio.CancelledError:
            if wait:
                tell_what_stays(seen.values())
            raise


async def _next_runs(
    scheduler: SchedulerService, *, start_due: bool, wait: bool, unseen: list[Exception]
) -> Sequence[SyncRun]:
    """The runs of one tick; waiting, of the first one that no other runner's lock forbids."""
    while True:
        try:
            return await scheduler.tick(start_due=start_due, unseen=unseen)
        except LockedError:
            if not wait:
                raise
            await asyncio.sleep(_TICK_SECONDS)


async def _held_back(services: Services, runs: Iterable[SyncRun]) -> list[Pause]:
    """The pauses in which open runs rest: waiting for those would be in vain."""
    tiers = [Tier(run.tier_level) for run in runs if run.status == "running"]
    pauses = [await services.pauses.of_tier(tier) for tier in tiers]
    return list({pause.scope: pause for pause in pauses if pause is not None}.values())


def main() -> int:
    """The exit status of one call."""
    os.umask(UMASK)
    return run(app)
