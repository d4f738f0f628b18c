"""A season as a page that opens in any browser: what was asked for, and how it went by the day."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup

from pincali_sync.files import WholeFile
from pincali_sync.rendering.charts import Series, bar_chart, line_chart
from pincali_sync.rendering.formats import stylesheet
from pincali_workshop.paper.course import Course, Day
from pincali_workshop.paper.report import OLDEST_DAYS, PaperReport

_HEAD = Markup(
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>A season on paper</title><style>{}</style></head><body><main>"
)
_ROW = Markup("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>")
_TABLE = Markup(
    "<table><caption>What is asked for</caption><thead><tr><th>criterion</th><th>goal</th>"
    "<th>figure</th><th>95 % interval</th><th>met</th></tr></thead><tbody>{}</tbody></table>"
)
_MET = {True: "yes", False: "NO", None: "cannot be told"}


def write_plots(path: Path, report: PaperReport, course: Course, ceiling: int) -> None:
    """Writes the page, whole or not at all."""
    with WholeFile(path) as file:
        file.write(plots_of(report, course, ceiling).encode())


def plots_of(report: PaperReport, course: Course, ceiling: int) -> str:
    """The page."""

    charts = [*_by_day(course, ceiling), *_delays(report)]
    title = Markup("<h1>{:,} listings, {} days, on paper</h1>").format(report.listings, report.days)
    style = Markup(stylesheet())  # noqa: S704 - our own file
    body = Markup("").join([_HEAD.format(style), title, _criteria(report), *charts])
    return body + Markup("</main></body></html>\n")


def _by_day(course: Course, ceiling: int) -> list[Markup]:
    lines: dict[tuple[str, str], dict[str, Callable[[Day], float]]] = {
        ("Age of the oldest record", "days"): {
            "oldest record": lambda day: day.oldest_days,
            "limit": lambda _: OLDEST_DAYS,
        },
        ("Longest queue of the day", "pages"): {
            "longest queue": lambda day: day.most_pending,
            "outside": lambda day: day.most_outside,
            "ceiling": lambda _: ceiling,
        },
        ("True changes that are not known yet", "listings"): {
            "newcomers": lambda day: day.newcomers_unknown,
            "gone": lambda day: day.gone_unknown,
            "prices": lambda day: day.prices_unknown,
        },
        ("Requests a day", "requests"): {"requests": lambda day: day.requests},
        ("What a day cost to simulate", "seconds"): {"seconds": lambda day: day.seconds},
    }
    return [
        line_chart(
            [
                Series(name=name, points=[(day.ended_at, value(day)) for day in course.days])
                for name, value in series.items()
            ],
            title=title,
            unit=unit,
            by_day=True,
        )
        for (title, unit), series in lines.items()
    ]


def _delays(report: PaperReport) -> list[Markup]:
    titles = {
        "hours_until_live": "Hours until a newcomer is live",
        "days_until_removed": "Days until what is gone is removed",
        "days_until_dead_stock_removed": "Days until an adopter's dead stock is removed",
        "days_until_repriced": "Days until a new price is known",
    }
    return [bar_chart(_bars(report, name), title=title) for name, title in titles.items()]


def _criteria(report: PaperReport) -> Markup:
    rows = [
        _ROW.format(
            each.name,
            each.goal,
            each.figure,
            "–" if each.interval is None else "{:.3%} to {:.3%}".format(*each.interval),
            _MET[each.is_met],
        )
        for each in report.criteria
    ]
    return _TABLE.format(Markup("").join(rows))


def _bars(report: PaperReport, name: str) -> list[tuple[str, float]]:
    figures = report.figures[name]
    return [(key, value) for key, value in figures.items() if key not in {"known", "open"}]
