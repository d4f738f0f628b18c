"""`pincali-sync doctor`: what is wrong, what it means, and how to mend it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated

import typer

from pincali_sync.bootstrap import build_services
from pincali_sync.cli.asking import run_until_told
from pincali_sync.cli.output import JsonOption, echo, echo_wrapped, print_json
from pincali_sync.config import load_config
from pincali_sync.doctor.check import FIX, Level, Patient
from pincali_sync.doctor.checks import CHECKS, SITE
from pincali_sync.doctor.examination import Line, examine
from pincali_sync.domain.names import words
from pincali_sync.exceptions import ExitStatus
from pincali_sync.language import ENGLISH, _, current, speaking

_NAME_WIDTH = max(len(check.name) for check in (*CHECKS, SITE))
_INDENT = " " * (_NAME_WIDTH + 7)


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to.")] = False,
    site: Annotated[bool, typer.Option("--site", help="Ask the site, too: once.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Examine database, nodes, browser, machine and data: what is wrong, and how to mend it."""
    with speaking(ENGLISH if as_json else current()):
        lines = run_until_told(_examined(fix=fix, site=site, as_json=as_json))
    if as_json:
        print_json([_plain(line) for line in lines])
    else:
        _sum_up(lines)
    if any(line.finding.level is Level.BAD for line in lines):
        raise typer.Exit(ExitStatus.FAILED)


async def _examined(*, fix: bool, site: bool, as_json: bool) -> list[Line]:
    lines = []
    async for line in _lines(fix=fix, site=site):
        lines.append(line)
        if not as_json:
            _show(line)
    return lines


async def _lines(*, fix: bool, site: bool) -> AsyncIterator[Line]:
    services = await asyncio.to_thread(build_services, load_config())
    try:
        checks = (*CHECKS, SITE) if site else CHECKS
        async for line in examine(Patient(services=services), checks, fix=fix):
            yield line
    finally:
        await services.db.dispose()


def _show(line: Line) -> None:
    found = line.finding
    echo_wrapped(
        found.what, first=f"{words(found.level):<4}  {line.check:<{_NAME_WIDTH}} ", below=_INDENT
    )
    if line.mended:
        echo_wrapped(_("done: %(what)s", what=line.mended), first=_INDENT, below=_INDENT)
    if found.remedy:
        echo_wrapped(f"-> {found.remedy}", first=_INDENT, below=_INDENT)


def _sum_up(lines: list[Line]) -> None:
    counts = Counter(line.finding.level for line in lines)
    echo(", ".join(f"{counts[level]} {words(level)}" for level in Level))
    if names := list(dict.fromkeys(line.check for line in lines if line.mendable)):
        echo_wrapped(_("%(command)s sees to: %(checks)s", command=FIX, checks=", ".join(names)))


def _plain(line: Line) -> dict[str, object]:
    found = line.finding
    return {
        "check": line.check,
        "level": found.level,
        "what": found.what,
        "remedy": found.remedy,
        "mendable": line.mendable,
        "mended": line.mended,
    }
