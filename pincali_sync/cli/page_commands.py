"""`parse`, to look into a selector that broke, and `standin`, to have a site to try things on."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from pincali_sync.cli.output import JsonOption, print_json
from pincali_sync.exceptions import UsageError
from pincali_sync.pages.as_json import detail_as_dict, listing_as_dict
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.standin.options import StandinOptions
from pincali_sync.standin.server import serve


class PageKind(Enum):
    LISTING = "listing"
    DETAIL = "detail"


def parse(
    kind: Annotated[PageKind, typer.Argument(help="What the page is.")],
    file: Annotated[Path, typer.Argument(help="A saved page.")],
    url: Annotated[str, typer.Option(help="The URL that the page was fetched from.")],
    _as_json: JsonOption = True,
) -> None:
    """Print what the page objects read from a saved page, always as JSON."""
    try:
        markup = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    if kind is PageKind.LISTING:
        print_json(listing_as_dict(parse_listing_page(markup, url)))
    else:
        print_json(detail_as_dict(parse_detail_page(markup, url)))


class PageForm(Enum):
    FORM_2025 = "2025"
    FORM_2026 = "2026"


def standin(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0: a free one.")] = 8765,
    listings: Annotated[int, typer.Option(min=1, help="Active listings at the start.")] = 400,
    form: Annotated[PageForm, typer.Option(help="Which generation of the markup.")] = (
        PageForm.FORM_2026
    ),
    page_size: Annotated[int, typer.Option(min=1, help="Cards a page.")] = 24,
    page_cap: Annotated[int, typer.Option(min=1, help="Pages a query shows.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed gives the same listings.")] = 1,
) -> None:
    """Serve the stand-in of the site until stopped."""
    serve(
        StandinOptions(
            listings=listings,
            form=form.value,
            page_size=page_size,
            page_cap=page_cap,
            seed=seed,
        ),
        port=port,
    )
