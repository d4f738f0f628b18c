"""Commands that work: run a tier, fetch queued pages."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer

from pincali_sync.bootstrap import Services, build_runner, open_services
from pincali_sync.browser import find_chromium
from pincali_sync.cli.output import JsonOption, console, print_json, print_table
from pincali_sync.config import Config, is_loopback, load_config
from pincali_sync.db.repositories.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import ExitStatus, LockedError, UsageError
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.ports import JobSpec
from pincali_sync.services.tier_orchestrator import BLOCKED_PREFIX

# Jobs report to the database; this is how often it is looked at for their reports.
_TICK_SECONDS = 1.0


def tier1(as_json: JsonOption = False) -> None:
    """Run tier 1 now: the newest listing pages, and the details of what is new on them."""
    run_tier_to_its_end(Tier.HOT_LISTINGS, as_json=as_json)


def run_tier_to_its_end(tier: Tier, *, as_json: bool) -> None:
    """Starts a run, carries it to its end, prints it, and exits as it ended."""
    run = asyncio.run(run_tier(tier, quiet=as_json))
    if as_json:
        print_json(run)
    else:
        print_runs([run])
    raise typer.Exit(exit_status_of(run))


async def run_tier(tier: Tier, *, quiet: bool) -> SyncRun:
    """Starts a run and carries it to its end.

    Raises:
        BrowserMissingError: when the jobs would run here and there is no browser.
        LockedError: when another runner is at work or a run of this tier is open.
        RunnerError: when a node that should take the jobs does not answer.
    """
    config = load_config()
    check_browser(config)
    async with open_services(config) as services:
        scheduler = services.scheduler(build_runner(config))
        run = await scheduler.start_now(tier)
        with console.status("", spinner="dots") as line:
            while run.status == "running":
                if not quiet:
                    line.update(progress_of(run))
                with suppress(LockedError):  # another runner moves this run on as well
                    await scheduler.tick(start_due=False)
                run = await _reload(services, run.id)
                if run.status == "running":
                    await asyncio.sleep(_TICK_SECONDS)
        return run


async def _reload(services: Services, run_id: UUID) -> SyncRun:
    view = await services.insights.run(run_id)
    if view is None:
        raise UsageError(f"run {run_id} was deleted while it ran")
    return view.run


def check_browser(config: Config) -> None:
    """Looks for the browser before a run is opened, where its jobs run on this machine.

    Raises:
        BrowserMissingError: when detail pages are to be fetched with one and there is none.
    """
    here = config.runs_locally or all(is_loopback(node) for node in config.scrapyd_urls)
    if here and config.detail_transport == "playwright":
        find_chromium(config)


def progress_of(run: SyncRun) -> str:
    """One line about a run under way."""
    return (
        f"tier {run.tier_level}: {run.step}, {run.pages_scanned} pages, "
        f"{run.properties_queued} queued, {run.properties_scraped} scraped"
    )


def print_runs(runs: list[SyncRun]) -> None:
    """A table of runs, and what went wrong below it."""
    columns = (
        "tier",
        "status",
        "pages",
        "seen",
        "new",
        "prices",
        "queued",
        "scraped",
        "errors",
    )
    print_table(
        "Runs",
        columns,
        [
            (
                str(run.tier_level),
                run.status,
                run.pages_scanned,
                run.properties_in_manifest,
                run.new_properties_found,
                run.price_changes_detected,
                run.properties_queued,
                run.properties_scraped,
                run.error_count,
            )
            for run in runs
        ],
    )
    for run in runs:
        if run.error_summary:
            typer.echo(f"tier {run.tier_level} failed: {run.error_summary}", err=True)


def exit_status_of(run: SyncRun) -> ExitStatus:
    """What a run's end means to cron."""
    if run.status in {"completed", "running"}:
        return ExitStatus.DONE
    blocked = (run.error_summary or "").startswith(BLOCKED_PREFIX)
    return ExitStatus.PAUSED_OR_BLOCKED if blocked else ExitStatus.FAILED


def process_queue(
    items: Annotated[int, typer.Argument(min=1, metavar="N", help="How many pages at most.")],
    as_json: JsonOption = False,
) -> None:
    """Fetch up to N queued detail pages now, in this terminal's time."""
    status, outcome = asyncio.run(_process_queue(items))
    if as_json:
        print_json(outcome)
    else:
        print_table("Queue", tuple(outcome), [tuple(outcome.values())])
    raise typer.Exit(status)


async def _process_queue(items: int) -> tuple[int, dict[str, Any]]:
    config = load_config()
    async with open_services(config) as services:
        job_id = uuid4()
        runner = LocalJobRunner(config)
        status = await runner.run(
            JobSpec(job_id=job_id, spider="detail", arguments={"max_items": str(items)})
        )
        async with services.db.transaction() as tx:
            job = await tx.jobs.get(job_id)
        stats = {} if job is None else job.stats
        counts = {
            name: stats.get(f"detail/{name}", 0)
            for name in ("new", "updated", "unchanged", "rejected", "failed")
        }
        return status, {
            "processed": sum(counts.values()),
            **counts,
            "log": str(runner.log_of(job_id)),
        }
