"""`pincali-sync export`: the live table as a file."""

from __future__ import annotations

import dataclasses
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import JsonOption, print_json
from pincali_sync.db.repositories.export.exports import ExportFormat
from pincali_sync.exceptions import UsageError
from pincali_sync.services.export.live_table import ExportResult

_STANDARD_OUTPUT = "-"


def export(
    form: Annotated[ExportFormat, typer.Option("--format", help="What the file is to be.")],
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="Where to; - is standard output.")
    ],
    since: Annotated[
        str | None,
        typer.Option(metavar="T", help="Only what changed since: an ISO date or time, UTC."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write all live rows, removed ones included, to a file."""
    moment = None if since is None else _moment(since)

    async def work(services: Services) -> ExportResult:
        if output == _STANDARD_OUTPUT:
            return await services.exports.to_stream(sys.stdout.buffer, form, since=moment)
        return await services.exports.to_file(Path(output), form, since=moment)

    result = ask(work)
    if output == _STANDARD_OUTPUT:
        typer.echo(_summary(result), err=True)
    elif as_json:
        print_json(dataclasses.asdict(result))
    else:
        typer.echo(f"{output}: {_summary(result)}")


def _summary(result: ExportResult) -> str:
    size = "" if result.bytes is None else f", {result.bytes:,} bytes"
    return f"{result.rows:,} rows{size} in {result.seconds:.1f} s"


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--since {text}: not an ISO date or time such as 2026-11-01 or 2026-11-01T06:30:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
