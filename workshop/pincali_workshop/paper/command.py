"""A season on paper from the command line, with a database of its own."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from pincali_sync.cli.output import draw_table, echo, print_json
from pincali_sync.config import Config
from pincali_sync.db import migrate
from pincali_workshop.paper.plan import budget_for, paper_config, paper_options
from pincali_workshop.paper.plots import write_plots
from pincali_workshop.paper.report import PaperReport
from pincali_workshop.paper.season import Season
from pincali_workshop.paper.weather import Weather
from pincali_workshop.stack import embedded
from pincali_workshop.standin.options import StandinOptions

# A season's day takes a minute: what looks once a minute would look once a day.
_OFTEN = "autovacuum_naptime=1s"


def play_on_paper(
    days: int, listings: int, seed: int, *, births: float | None, plots: Path, as_json: bool
) -> bool:
    """Plays a season, writes its plots and prints its report; whether all criteria are met."""
    options = paper_options(listings, seed, births=births)
    with tempfile.TemporaryDirectory(prefix="pincali-season-") as folder:
        home = Path(folder)
        try:
            url = embedded.ensure_running(home, durable=False, settings=(embedded.roomy(), _OFTEN))
            migrate.upgrade(url)
            config = paper_config(url, pincali_home=home, detail_daily_budget=budget_for(listings))
            report = _play(config, options, days, plots)
        finally:
            embedded.destroy(home)
    if as_json:
        print_json(report.as_data())
    else:
        show(report, plots)
    return report.all_met


def _play(config: Config, options: StandinOptions, days: int, plots: Path) -> PaperReport:
    season = Season(config, options, say=lambda line: print(line, file=sys.stderr, flush=True))
    weather = Weather.of(options.seed, season.begin, days)
    asyncio.run(season.play(days, weather))
    report = season.report()
    write_plots(plots, report, season.course, config.queue_max_pending)
    return report


def show(report: PaperReport, plots: Path) -> None:
    """What was asked for, and what came of it."""
    rows = [
        (
            each.name,
            each.goal,
            each.figure,
            "-" if each.interval is None else "{:.3%} to {:.3%}".format(*each.interval),
            {True: "met", False: "NOT MET", None: "cannot be told"}[each.is_met],
        )
        for each in report.criteria
    ]
    title = f"{report.listings:,} listings, {report.days} days, {report.page_size} cards a page"
    draw_table(title, ("what", "goal", "figure", "95 %", ""), rows)
    for name, value in report.figures.items():
        if name != "days":
            echo(f"{name.replace('_', ' ')}: {value}")
    echo(f"Plots: {plots}")
