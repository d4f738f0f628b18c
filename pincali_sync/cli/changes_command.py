"""`pincali-sync changes`: the feed of changes, a JSON object a line."""

from __future__ import annotations

import sys
from contextlib import aclosing
from typing import Annotated

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import print_json_line
from pincali_sync.services.change_feed_service import ChangePage


def changes(
    after: Annotated[
        int, typer.Option(min=0, metavar="CURSOR", help="The last position that was read.")
    ] = 0,
    limit: Annotated[
        int, typer.Option(min=1, help="How many at most; with --follow, how many at a time.")
    ] = 1_000,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until interrupted.")] = False,
) -> None:
    """Print what changed after a cursor; the last line's position is the next one."""

    async def once(services: Services) -> None:
        _print(await services.feed.read(after, limit))

    async def for_ever(services: Services) -> None:
        async with aclosing(services.feed.follow(after, limit)) as pages:
            async for page in pages:
                _print(page)

    try:
        ask(for_ever if follow else once)
    except KeyboardInterrupt:
        raise typer.Exit from None


def _print(page: ChangePage) -> None:
    for entry in page.entries:
        print_json_line(entry)
    sys.stdout.flush()
