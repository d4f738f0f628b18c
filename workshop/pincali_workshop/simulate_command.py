"""`pincali-sync simulate`: weeks of all four tiers in minutes, held to the truth.

Over HTTP with real pages for some thousand listings, on paper for as many as the real site has.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pincali_sync.cli.output import JsonOption, draw_table, print_json
from pincali_sync.config import load_config
from pincali_sync.db import migrate
from pincali_workshop.paper.command import play_on_paper
from pincali_workshop.simulation.month import Month, MonthReport
from pincali_workshop.simulation.trouble import order_trouble
from pincali_workshop.stack import embedded
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.removal import UnknownMode
from pincali_workshop.standin.world.traps import Traps
from pincali_workshop.standin_command import PageForm

_PAGE_SIZE = 42
_ON_PAPER_FROM = 10_000  # listings, where it is not said
_BIRTHS_HELP = (
    "New listings a day, as a share; unset: the real site's, or over HTTP four times that."
)
_PAPER_HELP = (
    "Without pages, at the site's pace, from a full database; or with real pages from an empty "
    f"one. Unset: on paper from {_ON_PAPER_FROM:,} listings on."
)
_PLOTS_HELP = "Where the plots of a season on paper go, an HTML file."
_NAMED = 12  # of the records that went wrong, for people
_CEILING = 1_000  # of the queue: low enough to be reached
# About five times what comes and goes on the real site in a day. Some listings come back after
# weeks, when they were removed already.
_CHURN = Churn(births=0.02, relisted_share=0.2, longest_absence_days=24)
_TRAPS = replace(Traps.all(), takeovers=0.02)  # so that there are some among so few


def simulate(
    days: Annotated[int, typer.Option(min=1, help="Virtual days.")] = 34,
    listings: Annotated[int, typer.Option(min=50, help="Active listings at the start.")] = 1_000,
    births: Annotated[float | None, typer.Option(help=_BIRTHS_HELP)] = None,
    form: Annotated[PageForm, typer.Option(help="Which generation of the markup.")] = (
        PageForm.FORM_2026
    ),
    unknown_mode: Annotated[UnknownMode, typer.Option(help="What invented URLs answer.")] = (
        UnknownMode.UNPROCESSABLE
    ),
    seed: Annotated[int, typer.Option(help="The same seed gives the same month.")] = 1,
    on_paper: Annotated[bool | None, typer.Option("--paper/--http", help=_PAPER_HELP)] = None,
    plots: Annotated[Path, typer.Option(help=_PLOTS_HELP)] = Path("season.html"),
    as_json: JsonOption = False,
) -> None:
    """Play days of all four tiers on a stand-in of the site that misleads wherever it can."""
    if on_paper if on_paper is not None else listings >= _ON_PAPER_FROM:
        typer.echo(f"On paper: {listings:,} listings, {days} days.", err=True)
        is_met = play_on_paper(days, listings, seed, births=births, plots=plots, as_json=as_json)
        raise typer.Exit(0 if is_met else 1)
    typer.echo(f"Over HTTP: {listings:,} listings, {days} days.", err=True)
    report = _over_http(
        days,
        StandinOptions(
            listings=listings,
            seed=seed,
            form=form.value,
            page_size=_PAGE_SIZE,
            unknown_mode=unknown_mode,
            churn=replace(_CHURN, births=births or _CHURN.births),
            traps=_TRAPS,
        ),
        quiet=as_json,
    )
    if as_json:
        print_json(as_data(report))
    else:
        show(report)
    raise typer.Exit(0 if report.findings.all_true else 1)


def as_data(report: MonthReport) -> dict[str, object]:
    """The report for programs."""
    return {
        "findings": report.findings,
        "all_true": report.findings.all_true,
        "requests": report.requests,
        "runs": [
            {"tier": run.tier_level, "status": run.status, "error": run.error_summary}
            for run in report.runs
        ],
        "ceiling": _CEILING,
        "alerts": report.alerts,
        "false_positive_rate": report.false_positive_rate,
    }


def _over_http(days: int, options: StandinOptions, *, quiet: bool) -> MonthReport:
    with tempfile.TemporaryDirectory(prefix="pincali-simulation-") as folder:
        home = Path(folder)
        try:
            return _play(home, days, options, quiet=quiet)
        finally:
            embedded.destroy(home)


def _play(home: Path, days: int, options: StandinOptions, *, quiet: bool) -> MonthReport:
    url = embedded.ensure_running(home, durable=False)
    migrate.upgrade(url)
    with StandinProcess(options) as site:
        config = load_config(
            database_url=url,
            pincali_home=home,
            pincali_base_url=site.base_url,
            site_min_gap_seconds=0,
            scrapyd_urls=("local",),
            queue_max_pending=_CEILING,
        )
        say = (lambda _: None) if quiet else typer.echo
        month = Month(config, site, options, say=say)
        return asyncio.run(month.play(days, partial(order_trouble, site, options.seed)))


def show(report: MonthReport) -> None:
    """What was found, beside what was true."""
    found = report.findings
    rows = [
        ("newcomers on first pages", found.new_shown, len(found.new_not_live), "not live"),
        ("prices compared", found.prices_compared, len(found.prices_missed), "wrong"),
        ("visits for a price change", found.price_visits, len(found.prices_invented), "for none"),
        ("removed", found.removed, len(found.removed_falsely), "falsely"),
        (
            "gone for two weekly scans",
            found.gone_for_two_scans,
            len(found.gone_not_noticed),
            "not noticed",
        ),
        *(
            (f"gone for three weeks: {way}", gone.known, gone.known - gone.settled, "still there")
            for way, gone in sorted(found.gone_by_way.items())
        ),
        ("price changes journalled", found.price_changes, len(found.price_changes_false), "false"),
        ("slugs changed", found.renamed, len(found.doubles), "rows too many"),
        ("slugs taken over", found.taken_over, len(found.strangers), "rows of nobody"),
        ("visits of pages", found.visits, len(found.visited_too_often), "pages too often"),
        ("removed and came back", found.returned, len(found.return_not_noticed), "not noticed"),
    ]
    draw_table(f"{report.days} days", ("what", "how many", "of these", "were"), rows)
    typer.echo(
        f"{report.requests} requests; a full scrape a day would have taken "
        f"{report.full_scrapes_saved:.1f} times as many."
    )
    rate = report.false_positive_rate
    typer.echo(
        "Audits of removals: "
        + ("none yet." if rate is None else f"{rate:.1%} were still on the site.")
    )
    for title in report.alerts:
        typer.echo(f"told: {title}")
    for name, wrong in report.findings.lists().items():
        typer.echo(f"{name}: {'; '.join(wrong[:_NAMED])}")
