"""`pincali-sync export`, `changes` and `report`: the data for those who use them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask
from pincali_sync.cli.filter_options import with_filter
from pincali_sync.cli.output import (
    JsonOption,
    console,
    echo,
    print_json,
    print_json_line,
    print_records,
    say,
)
from pincali_sync.cli.progress import progress_line
from pincali_sync.cli.today_command import draw_counts
from pincali_sync.db.repositories.export.columns import EXPORT_COLUMNS, columns_named
from pincali_sync.db.repositories.export.exports import ExportFormat, Wanted
from pincali_sync.db.repositories.quality.quality import QualityReport
from pincali_sync.domain.listing_filter import ListingFilter
from pincali_sync.domain.published import Change
from pincali_sync.exceptions import UsageError
from pincali_sync.language import N_, _, ngettext
from pincali_sync.reports.headlines import headlines
from pincali_sync.reports.quality_report import write_report
from pincali_sync.services.export.live_table import ExportResult
from pincali_sync.services.export.schemas import Published, schema_of

_STANDARD_OUTPUT = "-"


@with_filter
def export(
    where: ListingFilter,
    form: Annotated[ExportFormat, typer.Option("--format", help="What the file is to be.")],
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="Where to; - is standard output.")
    ],
    columns: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Only these columns, in this order."),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="In Parquet decimals, where floats are usual.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write live rows to a file: all, removed ones included, or those that are asked for."""
    named = EXPORT_COLUMNS if columns is None else columns_named(_split(columns))
    wanted = Wanted(columns=named, where=where, exact=exact)

    with progress_line(quiet=as_json) as tell:

        def count(rows: int) -> None:
            tell(ngettext("%(num)s row written", "%(num)s rows written", rows))

        async def work(services: Services) -> ExportResult:
            if output == _STANDARD_OUTPUT:
                stream = sys.stdout.buffer
                return await services.exports.to_stream(stream, form, wanted, tell=count)
            return await services.exports.to_file(Path(output), form, wanted, tell=count)

        result = ask(work)
    if output == _STANDARD_OUTPUT:
        echo(_summary(result), err=True)
    else:
        say(result, f"{output}: {_summary(result)}", as_json=as_json)


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]


def _summary(result: ExportResult) -> str:
    took = {"seconds": f"{result.seconds:.1f}", "bytes": f"{result.bytes or 0:,}"}
    if result.bytes is None:
        return ngettext(
            "%(num)s row in %(seconds)s s", "%(num)s rows in %(seconds)s s", result.rows, **took
        )
    return ngettext(
        "%(num)s row, %(bytes)s bytes in %(seconds)s s",
        "%(num)s rows, %(bytes)s bytes in %(seconds)s s",
        result.rows,
        **took,
    )


def changes(
    after: Annotated[
        int, typer.Option(min=0, metavar="CURSOR", help="The last position that was read.")
    ] = 0,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many at most; else all there are.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until interrupted.")] = False,
    with_listing: Annotated[
        bool, typer.Option("--with-listing", help="With URL, title and price of the listing, now.")
    ] = False,
    _as_json: JsonOption = True,
) -> None:
    """Print what changed after a cursor; the last line's position is the next one."""

    async def work(services: Services) -> None:
        read = services.feed.follow if follow else services.feed.walk
        await _print(read(after, with_listing=with_listing), limit, with_listing=with_listing)

    with suppress(KeyboardInterrupt):
        ask(work)


async def _print(
    pages: AsyncGenerator[list[Change], None], limit: int | None, *, with_listing: bool
) -> None:
    names = [each.name for each in fields(Change) if with_listing or each.name != "listing"]
    printed = 0
    async with aclosing(pages):
        async for page in pages:
            wanted = page if limit is None else page[: limit - printed]
            for entry in wanted:
                print_json_line({name: getattr(entry, name) for name in names})
            sys.stdout.flush()
            printed += len(wanted)
            if printed == limit:
                return


def schema(
    of: Annotated[Published, typer.Argument(metavar="NAME", help="listing, change or webhook.")],
) -> None:
    """Print the JSON schema of exports, of the feed or of webhooks, to be pinned."""
    print_json(schema_of(of))


def report(
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to; `reports` in PINCALI_HOME unless given."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what is new, and measure the live table: freshness, truth, anomalies, duplicates."""
    if output is not None:
        _check_is_there(output.absolute().parent)
    made, paths = ask(lambda services: _make(services, output))
    if as_json:
        print_json({"files": paths, "report": made})
        return
    columns = {
        N_("figure"): "label",
        N_("value"): "value",
        N_("change"): "change",
        N_("rests on"): "note",
    }
    if console.is_terminal:  # a program reads one table: the figures
        draw_counts(made.figures["news"])
    print_records(_("Data quality"), columns, headlines(made))
    for path in paths:
        echo(path)


async def _make(services: Services, output: Path | None) -> tuple[QualityReport, tuple[Path, ...]]:
    writer = services.report_files if output is None else partial(write_report, output)
    made = await services.quality.report()
    return made, await asyncio.to_thread(writer, made)


def _check_is_there(folder: Path) -> None:
    """One level is made where it lies in a folder that is there: a mistyped path is none."""
    if not os.path.isdir(folder):  # noqa: PTH112  # no fault, either, where we may not look
        raise UsageError(_("there is no folder %(folder)s: make it first", folder=folder))
