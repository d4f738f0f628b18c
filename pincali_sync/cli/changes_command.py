"""`pincali-sync changes`: the feed of changes, a JSON object a line."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import JsonOption, print_json_line
from pincali_sync.services.export.change_feed import ChangePage


def changes(
    after: Annotated[
        int, typer.Option(min=0, metavar="CURSOR", help="The last position that was read.")
    ] = 0,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many at most; else all there are.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until interrupted.")] = False,
    _as_json: JsonOption = True,
) -> None:
    """Print what changed after a cursor; the last line's position is the next one."""

    async def work(services: Services) -> None:
        pages = services.feed.follow(after) if follow else services.feed.walk(after)
        await _print(pages, limit)

    try:
        ask(work)
    except KeyboardInterrupt:
        raise typer.Exit from None


async def _print(pages: AsyncGenerator[ChangePage, None], limit: int | None) -> None:
    printed = 0
    async with aclosing(pages):
        async for page in pages:
            wanted = page.entries if limit is None else page.entries[: limit - printed]
            for entry in wanted:
                print_json_line(entry)
            sys.stdout.flush()
            printed += len(wanted)
            if printed == limit:
                return
