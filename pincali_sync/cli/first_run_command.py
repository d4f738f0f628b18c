"""`pincali-sync first-run`: from an empty or adopted database to a first certified manifest."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Annotated
from uuid import uuid4

import typer

from pincali_sync.bootstrap import open_services
from pincali_sync.cli.asking import run_until_told
from pincali_sync.cli.output import JsonOption, echo, print_json, print_table
from pincali_sync.cli.run_views import print_runs
from pincali_sync.cli.tier_commands import exit_status_of, run_tier
from pincali_sync.config import Config, load_config
from pincali_sync.domain.coverage import SourceScan
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import BlockedError, ExitStatus, RunnerError
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.ports import JobSpec

_SECONDS_A_DAY = 86_400
_IN_PARTS = 1.05  # pages read for one that the source declares, as measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a first sync will take."""

    listings: int  # as the sources declare them; those in two sources count twice
    live_already: int
    listing_pages: int
    hours_of_listing_pages: float
    detail_pages: int
    days_of_detail_pages: float  # by the pace or the daily budget, whichever is slower


def first_run(
    yes: Annotated[bool, typer.Option("--yes", help="Start without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read everything once, for a first certified manifest; says beforehand what it takes."""
    estimate = run_until_told(_estimate())
    if not as_json:
        facts = [(name.replace("_", " "), value) for name, value in asdict(estimate).items()]
        print_table("A first sync will take", ("what", "how much"), facts)
        if not yes and not typer.confirm("Start?"):
            raise typer.Exit(ExitStatus.DONE)
    run = run_until_told(run_tier(Tier.WEEKLY_DEEP, quiet=as_json))
    if as_json:
        print_json({"estimate": asdict(estimate), "run": run})
    else:
        print_runs([run])
        for each in run.details.certificates:
            state = "certified" if each.certified else f"not certified: {list(each.reasons)}"
            echo(f"{each.source}: {state}")
        echo("Detail pages go on from here with every tick of scripts/tier_runner.py.")
    raise typer.Exit(exit_status_of(run))


async def _estimate() -> Estimate:
    """Reads the first page of each source: four requests."""
    config = load_config()
    async with open_services(config) as services:
        runner, job_id = LocalJobRunner(config), uuid4()
        status = await runner.run(
            JobSpec(job_id=job_id, spider="manifest", arguments={"max_pages": "1"})
        )
        if status == ExitStatus.PAUSED_OR_BLOCKED:
            raise BlockedError(f"the site refuses us: see {runner.log_of(job_id)}")
        if status:
            raise RunnerError(f"the first pages could not be read: see {runner.log_of(job_id)}")
        async with services.db.transaction() as tx:
            job = await tx.jobs.get(job_id)
            assert job is not None
            assert job.session_id is not None
            scans = await tx.manifest.scans_of(job.session_id)
            live = await tx.freshness.present()
    return estimate_of(scans, live, config)


def estimate_of(scans: list[SourceScan], live: int, config: Config) -> Estimate:
    """From what the sources declare, at the configured pace."""
    listings = sum(scan.declared_total or 0 for scan in scans)
    pages = sum(_pages_of(scan, config.site_page_cap) for scan in scans)
    details = max(listings, live)  # adopted rows are visited too, to repair them
    page_gap = max(config.site_min_gap_seconds, config.page_delay_seconds)
    detail_gap = max(config.site_min_gap_seconds, config.detail_delay_seconds)
    a_day = min(config.detail_daily_budget, _SECONDS_A_DAY / detail_gap if detail_gap else math.inf)
    return Estimate(
        listings=listings,
        live_already=live,
        listing_pages=pages,
        hours_of_listing_pages=round(pages * page_gap / 3600, 1),
        detail_pages=details,
        days_of_detail_pages=round(details / a_day, 1),
    )


def _pages_of(scan: SourceScan, page_cap: int) -> int:
    """Page 1 is read once more at the end; parts end with pages that are not full."""
    declared = scan.declared_pages or 0
    return 1 + (declared if declared <= page_cap else math.ceil(_IN_PARTS * declared))
