"""`pincali-sync report`: what the data are worth now, as files and in short."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import JsonOption, print_json, print_records
from pincali_sync.db.repositories.quality.quality import QualityReport
from pincali_sync.reports.files import QualityReportFiles
from pincali_sync.reports.headlines import headlines


def report(
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to; `reports` in PINCALI_HOME unless given."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the live table: coverage, freshness, truth, anomalies, duplicates, rules."""
    made, paths = ask(lambda services: _make(services, output))
    if as_json:
        print_json({"files": paths, "report": made})
        return
    columns = {"figure": "label", "value": "value", "change": "change", "rests on": "note"}
    print_records("Data quality", columns, headlines(made))
    for path in paths:
        typer.echo(path)


async def _make(services: Services, output: Path | None) -> tuple[QualityReport, tuple[Path, ...]]:
    writer = services.report_files if output is None else QualityReportFiles(output)
    made = await services.quality.report()
    return made, await asyncio.to_thread(writer.write, made)
