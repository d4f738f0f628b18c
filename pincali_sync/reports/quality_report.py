"""A quality report as two files: one self-contained page, and a summary in Markdown.

Both are made from the figures alone. Names of rules and ids of listings are other people's text.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from pincali_sync.db.repositories.insights.figures import AUDITED_WEEKS
from pincali_sync.db.repositories.insights.news import COUNTED
from pincali_sync.db.repositories.quality.quality import AGES, QualityReport
from pincali_sync.domain.names import words
from pincali_sync.exceptions import WriteError
from pincali_sync.files import WholeFile
from pincali_sync.items import COVERED_FIELDS, EXPECTED_FIELDS
from pincali_sync.language import _
from pincali_sync.rendering.charts import bar_chart
from pincali_sync.rendering.formats import environment, stylesheet
from pincali_sync.rendering.news_words import DAYS, NEWS, by_url
from pincali_sync.reports import wording
from pincali_sync.reports.headlines import Comparison, headlines, interval_of
from pincali_sync.services.data_quality_service import SAMPLED_DAYS

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~-])")


def write_report(folder: Path, report: QualityReport) -> tuple[Path, ...]:
    """Writes `quality-YYYY-MM-DD-HHMM.html` and `.md`, in UTC, each whole or not at all.

    Returns:
        Their paths.

    Raises:
        WriteError: when the folder or a file cannot be written.
    """
    name = f"quality-{report.created_at.astimezone(UTC):%Y-%m-%d-%H%M}"
    pages = {
        folder / f"{name}.html": render_html(report),
        folder / f"{name}.md": render_markdown(report),
    }
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, page in pages.items():
            with WholeFile(path) as file:
                file.write(page.encode())
    except OSError as error:
        raise WriteError(
            f"the quality report cannot be written into {folder} ({error.strerror}): "
            "make room or give the right to write there, then run `pincali-sync report`"
        ) from error
    return tuple(pages)


def render_html(report: QualityReport) -> str:
    """The page: style and charts inside, no script, nothing fetched from anywhere."""
    style = stylesheet()
    return _render("quality_report.html", report, style=Markup(style), policy=_policy(style))  # noqa: S704 - our own file


def render_markdown(report: QualityReport) -> str:
    """The summary, for a message or a ticket."""
    return _render("quality_report.md", report)


def _policy(style: str) -> str:
    """A Content-Security-Policy that allows this one style and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _render(template: str, report: QualityReport, **more: Any) -> str:
    figures = report.figures
    operations, oldest = figures["coverage"]["operations"], figures["freshness"]["oldest"]
    templates = environment("pincali_sync.reports", bar_chart, by_url)
    templates.filters.update(md=_markdown, field=words, age_class=wording.age)
    return templates.get_template(template).render(
        report=report,
        figures=figures,
        headlines=headlines(report),
        news=NEWS,
        days=DAYS,
        counted=COUNTED,
        compared=Comparison(figures, report.previous),
        interval_of=interval_of,
        wording=wording,
        sampled_days=SAMPLED_DAYS,
        audited_weeks=AUDITED_WEEKS,
        ages=AGES,
        expected=EXPECTED_FIELDS,
        covered=COVERED_FIELDS,
        operations={
            name: _(word) for name, word in wording.OPERATIONS.items() if name in operations
        },
        rules=_by_breaches(figures),
        coverage_bars=_coverage_bars(figures),
        age_bars=_age_bars(figures),
        oldest=datetime.fromisoformat(oldest) if oldest else None,
        **more,
    )


def _coverage_bars(figures: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The worst covered field first; of what every listing has there is nothing to see."""
    fields = figures["coverage"]["all"]["fields"]
    known = [(name, fields[name]) for name in EXPECTED_FIELDS if fields[name] is not None]
    bars = [
        (words(name), round(part * 100, 1))
        for name, part in sorted(known, key=lambda each: each[1])
    ]
    return [bar for bar in bars if bar[1] < 100]


def _age_bars(figures: Mapping[str, Any]) -> list[tuple[str, float]]:
    ages = figures["freshness"]["ages"]
    return [(wording.age(name), ages[name]) for name in AGES] if figures["listings"] else []


def _by_breaches(figures: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Rules that could not be asked, then those most often broken."""
    return sorted(
        figures["rules"].items(),
        key=lambda rule: (rule[1]["unusable"] is None, -(rule[1]["broken"] or 0), rule[0]),
    )


def _markdown(value: object) -> Markup:
    """Text that means nothing to Markdown, nor to HTML in it; on one line, as in a table."""
    one_line = " ".join(str(value).split())
    return escape(_MARKDOWN.sub(r"\\\1", one_line))
