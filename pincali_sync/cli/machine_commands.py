"""`config`, `parse` and `web`: what is in force, what a page holds, and the dashboard."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import typer
from pydantic import Secret

from pincali_sync.cli.output import JsonOption, echo, print_facts, print_json
from pincali_sync.config import Config, load_config
from pincali_sync.db import embedded
from pincali_sync.db.engine import masked
from pincali_sync.doctor.precautions import misspellings
from pincali_sync.exceptions import PageError, UsageError
from pincali_sync.pages.as_json import as_dict
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.web.server import serve


def config(as_json: JsonOption = False) -> None:
    """Show every variable with the value in force, secrets masked."""
    current = load_config()
    for line in misspellings():
        echo(line, err=True)
    values = {name.upper(): _shown(current, name) for name in Config.model_fields}
    if as_json:
        print_json(values)
        return
    print_facts(
        "Configuration", {name.upper(): _told(current, name) for name in Config.model_fields}
    )
    echo(f"State and logs are in {current.home}.")
    if current.database_url is None:
        echo(f"The embedded PostgreSQL keeps its data in {embedded.data_folder(current.home)}.")


def _told(current: Config, name: str) -> str:
    default, shown = Config.model_fields[name].default, _as_text(_shown(current, name))
    is_default = getattr(current, name) == default
    return shown if is_default else f"{shown}  (default {_as_text(default)})"


def _shown(current: Config, name: str) -> Any:
    value = getattr(current, name)
    if name == "database_url":
        return masked(value.get_secret_value()) if value else "embedded"
    return "***" if isinstance(value, Secret) else value


def _as_text(value: Any) -> str:
    if value is None:
        return "-"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def parse(
    kind: Annotated[Literal["listing", "detail"], typer.Argument(help="What the page is.")],
    file: Annotated[Path, typer.Argument(help="A saved page.")],
    url: Annotated[str, typer.Option(help="The URL that the page was fetched from.")],
    _as_json: JsonOption = True,
) -> None:
    """Print what the page objects read from a saved page, always as JSON."""
    if not _is_of_a_page(url):
        raise UsageError(f"--url {url}: it begins with http:// or https:// and names a host")
    try:
        markup = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    if kind == "detail":
        print_json(as_dict(parse_detail_page(markup, url)))
        return
    page = parse_listing_page(markup, url)
    print_json(as_dict(page))
    if not (page.entries or page.unreadable_cards) and page.total_listings is None:
        raise PageError(f"{file} shows neither a card nor how many there are: no listing page")


def _is_of_a_page(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def web(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8080,
    host: Annotated[
        str, typer.Option(help="Another address than this machine's own opens it to others.")
    ] = "127.0.0.1",
) -> None:
    """Serve the dashboard, /metrics and /healthz until stopped."""
    asyncio.run(serve(load_config(), host=host, port=port))
