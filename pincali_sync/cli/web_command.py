"""`pincali-sync web`: the dashboard, `/metrics` and `/healthz`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from pincali_sync.config import load_config
from pincali_sync.web.server import serve


def web(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8080,
    host: Annotated[
        str, typer.Option(help="Another address than this machine's own opens it to others.")
    ] = "127.0.0.1",
) -> None:
    """Serve the dashboard, /metrics and /healthz until stopped."""

    def announce(url: str) -> None:
        typer.echo(f"dashboard ready at {url}")

    asyncio.run(serve(load_config(), host=host, port=port, announce=announce))
