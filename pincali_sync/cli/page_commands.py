"""`pincali-sync parse`: to look into a selector that broke."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pincali_sync.cli.output import JsonOption, print_json
from pincali_sync.exceptions import UsageError
from pincali_sync.pages.as_json import detail_as_dict, listing_as_dict
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.listing_page import parse_listing_page


def parse(
    kind: Annotated[Literal["listing", "detail"], typer.Argument(help="What the page is.")],
    file: Annotated[Path, typer.Argument(help="A saved page.")],
    url: Annotated[str, typer.Option(help="The URL that the page was fetched from.")],
    _as_json: JsonOption = True,
) -> None:
    """Print what the page objects read from a saved page, always as JSON."""
    try:
        markup = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    if kind == "listing":
        print_json(listing_as_dict(parse_listing_page(markup, url)))
    else:
        print_json(detail_as_dict(parse_detail_page(markup, url)))
