"""`pincali-sync standin`: a site to try things on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Annotated

import typer

from pincali_sync.exceptions import UsageError
from pincali_workshop.standin.habits import FILTERS, Beyond, Habits
from pincali_workshop.standin.options import RemovalMode, StandinOptions, UnknownMode
from pincali_workshop.standin.server import serve
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.traps import Traps

_DEFAULTS = StandinOptions()
_START = _DEFAULTS.start.isoformat()
ChurnOption = Annotated[
    list[str] | None, typer.Option(help="births=0.1 and the like: the rates of `Churn`.")
]
TrapsOption = Annotated[
    list[str] | None,
    typer.Option(help=f"all, or renamed=0.1 and the like: {', '.join(Traps.names())}."),
]


PortOption = Annotated[int, typer.Option(help="Its port; 0: a free one.")]
StartOption = Annotated[str, typer.Option(help="Its clock at the start: ISO 8601 with a zone.")]
SecondsOption = Annotated[float, typer.Option(help="Clock seconds that each listing page takes.")]
CrawlDelayOption = Annotated[float, typer.Option(help="Seconds, in robots.txt; 0: none.")]
RemovalOption = Annotated[RemovalMode, typer.Option(help="What removed listings answer.")]
UnknownOption = Annotated[UnknownMode, typer.Option(help="What invented URLs answer.")]
IgnoresOption = Annotated[
    list[str] | None, typer.Option(help=f"Filters it passes over: {', '.join(FILTERS)}.")
]
UnpricedOption = Annotated[
    list[str] | None,
    typer.Option(help="Directions (asc, desc) in which listings on request come first."),
]
BeyondOption = Annotated[Beyond, typer.Option(help="What pages beyond the cap answer.")]


class PageForm(Enum):
    """Generations of the site's markup."""

    FORM_2025 = "2025"
    FORM_2026 = "2026"


def standin(
    port: PortOption = 8765,
    listings: Annotated[int, typer.Option(min=1, help="Active listings at the start.")] = 400,
    form: Annotated[PageForm, typer.Option(help="Which generation of the markup.")] = (
        PageForm.FORM_2026
    ),
    page_size: Annotated[int, typer.Option(min=1, help="Cards a page.")] = 24,
    page_cap: Annotated[int, typer.Option(min=1, help="Pages a query shows.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed gives the same listings.")] = 1,
    host: Annotated[str, typer.Option(help="The address it listens on.")] = "127.0.0.1",
    start: StartOption = _START,
    seconds_per_page: SecondsOption = _DEFAULTS.seconds_per_page,
    speed: Annotated[float, typer.Option(help="Clock seconds a real one.")] = _DEFAULTS.speed,
    crawl_delay: CrawlDelayOption = _DEFAULTS.crawl_delay,
    removal_mode: RemovalOption = _DEFAULTS.removal_mode,
    unknown_mode: UnknownOption = _DEFAULTS.unknown_mode,
    ignores: IgnoresOption = None,
    unpriced_first: UnpricedOption = None,
    beyond_cap: BeyondOption = Beyond.NOT_FOUND,
    churn: ChurnOption = None,
    traps: TrapsOption = None,
) -> None:
    """Serve the stand-in of the site until stopped."""
    serve(
        StandinOptions(
            listings=listings,
            seed=seed,
            form=form.value,
            page_size=page_size,
            page_cap=page_cap,
            start=_instant(start),
            seconds_per_page=seconds_per_page,
            speed=speed,
            crawl_delay=crawl_delay,
            removal_mode=removal_mode,
            unknown_mode=unknown_mode,
            habits=_habits(ignores, unpriced_first, beyond_cap),
            churn=_churn(churn or []),
            traps=_traps(traps or []),
        ),
        host,
        port,
    )


def _habits(ignores: list[str] | None, first: list[str] | None, beyond: Beyond) -> Habits:
    return Habits(
        ignored=tuple(ignores or ()), unpriced_first=tuple(first or ()), beyond_cap=beyond
    )


def _instant(said: str) -> datetime:
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        raise UsageError(f"{said!r} is no time: ISO 8601 is wanted") from None


def _churn(rates: list[str]) -> Churn:
    try:
        return Churn(**_numbers(rates))
    except (TypeError, ValueError):
        raise UsageError(f"no such rate: {', '.join(rates)}") from None


def _traps(shares: list[str]) -> Traps:
    try:
        base = Traps.all() if "all" in shares else Traps()
        return replace(base, **_numbers([share for share in shares if share != "all"]))
    except (TypeError, ValueError):
        raise UsageError(f"no such trap: {', '.join(shares)}") from None


def _numbers(said: list[str]) -> dict[str, float]:
    return {name: float(share) for name, _, share in (each.partition("=") for each in said)}
