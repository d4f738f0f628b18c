"""The options by which commands are told which listings are wanted: the same for all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Annotated, Any

import typer

from pincali_sync.domain.listing_filter import FILTER_NAMES, parse_filter

_HELP = {
    "status": "present, gone, all, or states such as active,relisted.",
    "city": "In this city.",
    "place": "In this neighbourhood, city or state.",
    "property_type": "house, casa, apartment, departamento, lot, ...",
    "operation": "sale or rent.",
    "price_min": "At least this price.",
    "price_max": "At most this price.",
    "currency": "MXN, USD or EUR; that of the prices, MXN unless given.",
    "first_seen_since": "New since: an ISO date or time, UTC, or so long ago (7d, 36h).",
    "first_seen_before": "First seen before.",
    "changed_since": "Only what changed since.",
    "words": "With these words in title, description or place.",
    "area": "On the map: south,west,north,east in degrees.",
}
_NAMES = {"changed_since": ("--changed-since", "--since"), "property_type": ("--type",)}
_METAVARS = {"first_seen_since": "T", "first_seen_before": "T", "changed_since": "T"}


def with_filter(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for everything that listings are filtered by; it takes what they
    come to as `where`, a `ListingFilter`.

    Raises:
        UsageError: by the command, for a value that cannot be read.
    """

    @wraps(command)
    def filtered(**given: Any) -> None:
        asked = {name: given.pop(name) for name in FILTER_NAMES}
        texts = {name: text for name, text in asked.items() if text is not None}
        command(**given, where=parse_filter(texts, datetime.now(UTC)))

    whole = inspect.signature(command, eval_str=True)
    own = [each for each in whole.parameters.values() if each.name != "where"]
    parameters = [
        each.replace(kind=each.KEYWORD_ONLY) for each in (*own, *map(_option, FILTER_NAMES))
    ]
    filtered.__signature__ = whole.replace(parameters=parameters)  # type: ignore[attr-defined]
    filtered.__annotations__ = {each.name: each.annotation for each in parameters}
    return filtered


def _option(name: str) -> inspect.Parameter:
    flags = _NAMES.get(name, (f"--{name.replace('_', '-')}",))
    option = typer.Option(*flags, metavar=_METAVARS.get(name, "WORD"), help=_HELP[name])
    kind: Any = Annotated[str | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
