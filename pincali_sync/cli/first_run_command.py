"""`pincali-sync first-run`: from an empty or adopted database to a first certified manifest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from pincali_sync.bootstrap import open_services
from pincali_sync.cli.asking import run_until_told
from pincali_sync.cli.output import JsonOption, Name, draw_table, echo, print_json
from pincali_sync.cli.run_views import print_runs
from pincali_sync.cli.tier_commands import check_tools, exit_status_of, preview_scan, run_tier
from pincali_sync.config import Config, load_config
from pincali_sync.domain.coverage import SourceScan
from pincali_sync.domain.estimates import FullScan
from pincali_sync.domain.names import words
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import ExitStatus
from pincali_sync.language import N_, _

_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a first sync will take."""

    listings: int  # as the sources declare them; those in two sources count twice
    live_already: int
    cards_on_a_page: int | None  # 24 or 42, as the site was seen to do it
    listing_pages: int
    hours_of_listing_pages: float
    detail_pages: int
    days_of_detail_pages: float  # by the pace or the daily budget, whichever is slower


def first_run(
    yes: Annotated[bool, typer.Option("--yes", help="Start without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read everything once, for a first certified manifest; says beforehand what it takes."""
    estimate = run_until_told(_estimate(quiet=as_json))
    if not as_json:
        facts = [(Name(name), value) for name, value in asdict(estimate).items()]
        draw_table(_("A first sync will take"), (N_("what"), N_("how much")), facts)
        if not yes and not typer.confirm(_("Start?")):
            raise typer.Exit(ExitStatus.DONE)
    run = run_until_told(run_tier(Tier.WEEKLY_DEEP, quiet=as_json))
    if as_json:
        print_json({"estimate": asdict(estimate), "run": run})
    else:
        print_runs([run])
        for each in run.details.certificates:
            source, reasons = words(each.source), "; ".join(each.reasons)
            if each.certified:
                echo(_("%(source)s: certified", source=source))
            else:
                echo(_("%(source)s: not certified: %(reason)s", source=source, reason=reasons))
        echo(_("Detail pages go on from here with every tick of scripts/tier_runner.py."))
    raise typer.Exit(exit_status_of(run))


async def _estimate(*, quiet: bool) -> Estimate:
    """Reads the first page of each source, which is four requests, and writes nothing."""
    config = load_config()
    check_tools(config)
    async with open_services(config) as services:
        await services.pauses.check(Tier.WEEKLY_DEEP)
        read = await preview_scan(services, {"max_pages": "1"}, quiet=quiet)
        live = await services.db.run(lambda tx: tx.freshness.present())
        page_cap = await services.scans.page_cap()
    scans = [
        SourceScan(
            source=each["source"],
            declared_total=each["declared_listings"],
            declared_pages=each["declared_pages"],
        )
        for each in read["sources"]
    ]
    return estimate_of(scans, live, page_cap, config)


def estimate_of(scans: Sequence[SourceScan], live: int, page_cap: int, config: Config) -> Estimate:
    """From what the sources declare, at the configured pace."""
    page_gap = max(config.site_min_gap_seconds, config.page_delay_seconds)
    scan = FullScan.of(scans, page_cap=page_cap, gap_seconds=page_gap)
    details = max(scan.listings, live)  # adopted rows are visited too, to repair them
    detail_gap = max(config.site_min_gap_seconds, config.detail_delay_seconds)
    a_day = min(config.detail_daily_budget, _SECONDS_A_DAY / detail_gap if detail_gap else math.inf)
    return Estimate(
        listings=scan.listings,
        live_already=live,
        cards_on_a_page=scan.cards_a_page,
        listing_pages=scan.pages,
        hours_of_listing_pages=round(scan.seconds / 3600, 1),
        detail_pages=details,
        days_of_detail_pages=round(details / a_day, 1),
    )
