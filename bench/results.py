"""What was measured, in `bench/results.json`, and the table of it in `docs/benchmarks.md`."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.questions import QUESTIONS, Question

_FILE = Path(__file__).with_name("results.json")
_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_TABLE = re.compile(r"(?<=<!-- results -->\n).*(?=<!-- end of results -->)", re.S)
_PACKAGES = ("Scrapy", "parsel", "selectolax", "playwright", "psycopg", "SQLAlchemy")
Row = tuple[str, str, str, str, str]
HEAD: Row = ("question", "measured", "beside", "goal", "")


def machine() -> dict[str, Any]:
    """What figures depend on."""
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }


def keep(part: str, figures: Mapping[str, float]) -> None:
    """Writes a part's figures beside those of other parts on the same machine."""
    found = json.loads(_FILE.read_text()) if _FILE.exists() else {}
    here = machine()
    parts = found["parts"] if found.get("machine") == here else {}
    parts[part] = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "figures": dict(figures)}
    _FILE.write_text(json.dumps({"machine": here, "parts": parts}, indent=1) + "\n")
    _write_table(here, parts)


def rows_of(figures: Mapping[str, float]) -> list[Row]:
    """The questions that these figures answer, in their order."""
    return [_row(each, figures[each.figure]) for each in QUESTIONS if each.figure in figures]


def _row(question: Question, value: float) -> Row:
    shown = f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
    return question.asks, shown, question.beside, question.goal, question.verdict(value)


def _write_table(here: Mapping[str, Any], parts: Mapping[str, Any]) -> None:
    figures = {name: value for part in parts.values() for name, value in part["figures"].items()}
    dates = sorted(part["date"] for part in parts.values())
    versions = ", ".join(f"{name} {here[name]}" for name in ("python", *_PACKAGES))
    days = " to ".join(dict.fromkeys((dates[0], dates[-1])))
    lines = [
        f"{days}, {here['cores']} cores ({here['machine']}), {versions}.",
        "",
    ]
    lines += [f"| {' | '.join(row)} |" for row in (HEAD, ("---",) * len(HEAD), *rows_of(figures))]
    _PAGE.write_text(_TABLE.sub(lambda _: "\n".join(lines) + "\n", _PAGE.read_text()))
