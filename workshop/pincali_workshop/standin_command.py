"""`pincali-sync standin`: a site to try things on."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.server import serve


class PageForm(Enum):
    """Generations of the site's markup."""

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
