"""Commands that run a tier, or say what a run would change."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from pincali_sync.bootstrap import Services, build_runner, open_services
from pincali_sync.browser.chromium import find_chromium
from pincali_sync.cli.asking import run_until_told
from pincali_sync.cli.output import JsonOption, Name, echo, print_json, print_table
from pincali_sync.cli.progress import Estimator, progress_line, run_shown
from pincali_sync.cli.run_views import print_runs
from pincali_sync.config import Config, is_loopback, load_config
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier, TierPlan
from pincali_sync.exceptions import ExitStatus, LockedError, PausedError, RunnerError
from pincali_sync.language import N_, _
from pincali_sync.notify import AppriseNotifier
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.ports import DRY_RUN_REPORT, JobSpec
from pincali_sync.services.scheduler_service import SchedulerService

# Jobs report to the database; this is how often it is looked at for their reports.
_TICK_SECONDS = 1.0

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Read, report what would change, write nothing.")
]


def tier1(as_json: JsonOption = False, dry: DryRunOption = False) -> None:
    """Run tier 1 now: the newest listing pages, and the details of what is new on them."""
    _run_to_its_end(Tier.HOT_LISTINGS, as_json=as_json, dry=dry)


def tier2(as_json: JsonOption = False, dry: DryRunOption = False) -> None:
    """Run tier 2 now: the first hundred pages, for new listings and changed prices."""
    _run_to_its_end(Tier.DAILY_SYNC, as_json=as_json, dry=dry)


def tier3(as_json: JsonOption = False, dry: DryRunOption = False) -> None:
    """Run tier 3 now: all pages, with removals proven, and what is a week old."""
    _run_to_its_end(Tier.WEEKLY_DEEP, as_json=as_json, dry=dry)


def tier4(as_json: JsonOption = False, dry: DryRunOption = False) -> None:
    """Run tier 4 now: the stalest records and a random sample, with a quality report."""
    _run_to_its_end(Tier.MONTHLY_REFRESH, as_json=as_json, dry=dry)


def auto(as_json: JsonOption = False) -> None:
    """Run whichever tiers are due, and stay until they are done."""
    runs = run_until_told(run_tiers(None, quiet=as_json))
    if as_json:
        print_json(runs)
    elif runs:
        print_runs(runs)
    else:
        echo(_("Nothing is due: `pincali-sync status` shows when."))
    raise typer.Exit(max(map(exit_status_of, runs), default=ExitStatus.DONE))


def _run_to_its_end(tier: Tier, *, as_json: bool, dry: bool) -> None:
    """Starts a run, carries it to its end, prints it, and exits as it ended."""
    if dry:
        _show_dry_run(run_until_told(_dry_run(tier, quiet=as_json)), as_json=as_json)
        return
    run = run_until_told(run_tier(tier, quiet=as_json))
    if as_json:
        print_json(run)
    else:
        print_runs([run])
    raise typer.Exit(exit_status_of(run))


async def run_tier(tier: Tier, *, quiet: bool) -> SyncRun:
    """Starts a run and carries it to its end. Raises as `run_tiers`."""
    [run] = await run_tiers(tier, quiet=quiet)
    return run


async def run_tiers(tier: Tier | None, *, quiet: bool) -> list[SyncRun]:
    """Starts one tier, or (None) what is due, and carries it, and what was open, to its end.

    Raises:
        BrowserMissingError: when the jobs would run here and there is no browser.
        LockedError: when another runner is at work or a run of this tier is open.
        PausedError: when the tier, or everything, is paused, or is paused meanwhile.
        RunnerError: when no node takes jobs.
    """
    config = load_config()
    check_tools(config)
    async with open_services(config) as services:
        scheduler = services.scheduler(build_runner(config))
        if tier is None:
            await services.pauses.check()
            runs = await scheduler.run_scheduled_tiers()
        else:
            runs = [await scheduler.start_now(tier)]
        return await _carry_on(services, scheduler, runs, quiet=quiet)


async def _carry_on(
    services: Services, scheduler: SchedulerService, runs: list[SyncRun], *, quiet: bool
) -> list[SyncRun]:
    """Ticks until these runs are over; shows how far they are, and what stays if it has to end."""
    estimator = Estimator()
    try:
        with progress_line(quiet=quiet) as tell:
            while open_runs := [run for run in runs if run.status == "running"]:
                for run in open_runs:
                    await services.pauses.check(Tier(run.tier_level))
                tell(estimator.line_of(await services.insights.progress()))
                with suppress(LockedError):  # another runner moves these runs on as well
                    await scheduler.tick(start_due=False)
                runs = [await scheduler.orchestrator.get(run.id) for run in runs]
                if any(run.status == "running" for run in runs):
                    await asyncio.sleep(_TICK_SECONDS)
    except asyncio.CancelledError:
        tell_what_stays(runs)
        raise
    return runs


def tell_what_stays(runs: Iterable[SyncRun]) -> None:
    """Whoever ends the command ends neither the runs nor their jobs."""
    for run in runs:
        if run.status == "running":
            said = _(
                "run %(run)s of tier %(tier)s stays open and its jobs go on: "
                "`pincali-sync cancel %(run)s` ends it, `pincali-sync pause` stops all requests",
                run=str(run.id)[:8],
                tier=run.tier_level,
            )
            echo(said, err=True)


def check_tools(config: Config) -> None:
    """Looks, before a run is opened, for what it will need on this machine.

    Raises:
        ConfigError: when an alert URL is none that Apprise knows.
        BrowserMissingError: when detail pages are to be fetched here, with a browser, and there is
            none.
    """
    AppriseNotifier(config.alert_targets).check()
    here = config.runs_locally or all(is_loopback(node) for node in config.scrapyd_urls)
    if here and config.detail_transport == "playwright":
        find_chromium(config)


def exit_status_of(run: SyncRun) -> ExitStatus:
    """What a run's end, or what keeps it from one, means to cron."""
    goes_on = run.status == "running" and run.details.fault is None
    return ExitStatus.DONE if goes_on or run.status == "completed" else ExitStatus.FAILED


async def _dry_run(tier: Tier, *, quiet: bool) -> dict[str, Any]:
    """Reads the tier's pages, politely, and reports what they would change.

    The only trace it leaves is its place on the site's timeline.

    Raises:
        PausedError: when the tier, or everything, is paused: a run would not be started either.
        BlockedError, RunnerError: as `preview_scan` does.
    """
    config = load_config()
    async with open_services(config) as services:
        await services.pauses.check(tier)
        if tier is Tier.MONTHLY_REFRESH:
            refreshed = await services.db.run(services.refresh.wanted)
            return {"tier": tier.value, "stale": refreshed.stale, "random_sample": refreshed.sample}
        plan = TierPlan.of(tier, config)
        arguments = {"tier": str(tier.value), "max_pages": str(plan.max_pages)}
        return {"tier": tier.value, **await preview_scan(services, arguments, quiet=quiet)}


async def preview_scan(
    services: Services, arguments: Mapping[str, str], *, quiet: bool
) -> dict[str, Any]:
    """What a scan with these arguments would change and what the sources declare; writes nothing.

    Raises:
        BlockedError: when the site refuses us.
        PausedError: when pages were paused meanwhile.
        RunnerError: when the pages could not be read.
    """
    config = services.config
    runner = LocalJobRunner(config)
    with tempfile.TemporaryDirectory(prefix="pincali-dry-run-") as folder:
        report = Path(folder) / "report.json"
        job = JobSpec(
            job_id=uuid4(),
            spider="manifest",
            arguments=arguments,
            settings={
                DRY_RUN_REPORT: str(report),
                "PAGE_DELAY_SECONDS": str(config.page_delay_seconds),
            },
        )
        status = await run_shown(runner, job, _("reading listing pages"), quiet=quiet)
        if status == ExitStatus.PAUSED_OR_BLOCKED:
            raise await services.pauses.what_stops_pages() or PausedError(
                f"pages were paused meanwhile: see {runner.log_of(job.job_id)}"
            )
        if status or not report.exists():
            raise RunnerError(f"the pages could not be read: see {runner.log_of(job.job_id)}")
        read: dict[str, Any] = json.loads(report.read_text())
        return read


def _show_dry_run(report: dict[str, Any], *, as_json: bool) -> None:
    """A report for people or machines."""
    if as_json:
        print_json(report)
        return
    counts = {name: value for name, value in report.items() if not isinstance(value, list)}
    print_table(
        _("Dry run: nothing was written"),
        (N_("what"), N_("would be")),
        [(Name(name), value) for name, value in counts.items()],
    )
    for name in ("distrust", "uncertified"):
        for line in report.get(name, ()):
            echo(f"{name}: {line}")
