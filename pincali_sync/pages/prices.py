"""The offers of `.price` elements, of cards and of a listing's own page."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborNode

from pincali_sync.domain.prices import Currency, Offer, Operation, parse_offer, unit_in
from pincali_sync.pages.shown import is_shown, texts_of
from pincali_sync.pages.text import JsonObject

_MAX_PRICES = 10  # of a listing: one for each operation
_BOXES = 2  # around a price, within its card
_NEAR = {"prev": 1, "next": 3}  # texts on either side of a price
_MOST_NODES = 12
_PRICED = ("offers", "priceSpecification")
_MOST_DECLARED = 50  # objects and lists of a listing that are looked at
_LONGEST = 200  # of a text without markup; what is longer names no unit
_DIGIT = re.compile(r"\d")


def offers_of(
    prices: list[LexborNode], default: Operation | None, declared: Collection[str] = ()
) -> tuple[Offer, ...]:
    """The offers, one for each operation; none at all where one of the prices is not certain.

    A listing for sale and rent of which only the rent could be read would become one for rent.

    Args:
        default: the operation of prices that do not name theirs.
        declared: the currencies that the page's data name for the listing, if any.
    """
    offers: dict[Operation, Offer] = {}
    for price in _outermost(prices[:_MAX_PRICES]):
        if not _is_shown(price):
            continue
        text, unseen = texts_of(price)
        offer = parse_offer(text, default=default, declared=declared)
        if offer is None and not (text or unseen):
            continue
        if offer is None or (unseen and _is_denied(offer, text, unseen)):
            return ()
        if offer.amount is not None:
            offer = _with_what_stands_beside(offer, text, price)
        if offer is None:
            return ()
        known = offers.get(offer.operation)
        if known is not None and known != offer:
            return ()
        offers[offer.operation] = offer
    return tuple(offers.values())


def declared_currencies(objects: Iterable[JsonObject], tracked: object = None) -> set[str]:
    """The currencies of a listing's offers in its JSON-LD objects, and of its tracking data.

    An offer may hold others, and say what it costs one level deeper.
    """
    named, pending = [tracked], list[Any](objects)
    for _ in range(_MOST_DECLARED):
        if not pending:
            break
        value = pending.pop()
        if isinstance(value, list):
            pending += value[:_MOST_DECLARED]
        elif isinstance(value, dict):
            named.append(value.get("priceCurrency"))
            pending += [value[name] for name in _PRICED if name in value]
    return {name.upper() for name in named if isinstance(name, str) and _is_code(name)}


def _is_code(name: str) -> bool:
    return len(name) == 3 and name.isalpha()


def _outermost(prices: list[LexborNode]) -> list[LexborNode]:
    if len(prices) < 2:
        return prices
    known = {price.mem_id for price in prices}
    return [price for price in prices if not any(box.mem_id in known for box in _boxes_of(price))]


def _boxes_of(node: LexborNode) -> Iterator[LexborNode]:
    while (parent := node.parent) is not None:
        yield (node := parent)


def _is_shown(price: LexborNode) -> bool:
    return is_shown(price) and all(map(is_shown, islice(_boxes_of(price), _BOXES)))


def _is_denied(offer: Offer, text: str, unseen: str) -> bool:
    """Whether what is hidden says otherwise: it has the amount, or names another unit."""
    if _DIGIT.search(unseen):
        return offer.amount is None and not _DIGIT.search(text)
    whole = parse_offer(f"{text} {unseen}", default=offer.operation)
    return whole is not None and (whole.currency, whole.unit) != (offer.currency, offer.unit)


def _with_what_stands_beside(offer: Offer, text: str, price: LexborNode) -> Offer | None:
    """The offer, with "Desde" if it is there; None where a unit there, "por noche", is another."""
    for unit in _units_beside(price):
        whole = parse_offer(f"{text} {unit}", default=offer.operation)
        if whole is None or _terms_of(whole) != _terms_of(offer):
            return None
        offer = whole if whole.starting_at else offer
    return offer


def _units_beside(price: LexborNode) -> Iterator[str]:
    """In the few next texts on either side, as far as the next price."""
    for name, near in _NEAR.items():
        shown = filter(None, map(_shown_in, _siblings(price, name)))
        for text in islice(shown, near):
            if unit := unit_in(text, behind=name == "next"):
                yield unit


def _terms_of(offer: Offer) -> tuple[Operation, Currency, str]:
    return offer.operation, offer.currency, offer.unit


def _siblings(price: LexborNode, name: str) -> Iterator[LexborNode]:
    near: LexborNode | None = getattr(price, name)
    for _ in range(_MOST_NODES):
        if near is None or "price" in (near.attributes.get("class") or "").split():
            return
        yield near
        near = getattr(near, name)


def _shown_in(node: LexborNode) -> str:
    if node.is_text_node:
        return " ".join((node.text_content or "")[:_LONGEST].split())
    return texts_of(node)[0] if node.is_element_node and is_shown(node) else ""
