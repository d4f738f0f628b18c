"""What a listing is at one instant."""

from __future__ import annotations

from dataclasses import dataclass

from pincali_sync.domain.prices import Offer
from pincali_workshop.standin.world.life import FOREVER
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.prices import after_step


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingState:
    """A listing's state, with the span of time in which it stays so."""

    listing: Listing
    active: bool
    spell: int | None  # the number of its stay online: more than 0 after a return
    activated_at: int
    offers: tuple[Offer, ...]
    struck_out: tuple[Offer, ...] | None  # what was asked before, where pages show it
    translated: bool  # English pages show a translation
    slug: str  # on its pages
    begins: int
    ends: int

    def holds_at(self, at: int) -> bool:
        """Whether the listing is like this at a time."""
        return self.begins <= at < self.ends

    @property
    def version(self) -> tuple[object, ...]:
        """What a rendered card depends on."""
        return (self.listing.numeric_id, self.offers, self.translated, self.slug)


def state_at(seed: int, listing: Listing, at: int) -> ListingState:
    """The listing's state at a time in seconds since 1970."""
    life = listing.life
    spell = life.spell_at(at)
    begins, ends = _steady_span(listing, at)
    asked = offers_until(seed, listing, min(at, life.spells[-1][1]))  # then nobody changes it
    offers, before = asked[-1], asked[-2] if len(asked) > 1 else None
    return ListingState(
        listing=listing,
        active=spell is not None,
        spell=spell,
        activated_at=_activated_at(listing, at, spell),
        offers=offers,
        struck_out=before if listing.strikes_out and _is_lower(offers, before) else None,
        translated=at >= life.translated_at,
        slug=listing.names.shown_at(at).slug,
        begins=begins,
        ends=ends,
    )


def offers_until(seed: int, listing: Listing, at: int) -> list[tuple[Offer, ...]]:
    """What it asked one after the other, up to this time."""
    asked = [listing.first_offers]
    for event in listing.life.price_changes.until(at):
        asked.append(after_step(seed, listing.index, event, asked[-1]))
    return asked


def _is_lower(offers: tuple[Offer, ...], before: tuple[Offer, ...] | None) -> bool:
    now, then = offers[0].amount, None if before is None else before[0].amount
    return now is not None and then is not None and now < then


def _activated_at(listing: Listing, at: int, spell: int | None) -> int:
    if spell is None:
        return listing.life.birth
    begin = listing.life.spells[spell][0]
    return max(begin, *listing.life.reactivations.until(at), begin)


def _steady_span(listing: Listing, at: int) -> tuple[int, int]:
    life = listing.life
    if at < life.birth:
        return -FOREVER, life.birth
    if at >= life.spells[-1][1]:
        return life.spells[-1][1], FOREVER
    edges = [
        life.translated_at,
        *(edge for spell in life.spells for edge in spell),
        *(name.shown_from for name in listing.names.all),
    ]
    spans = [life.reactivations.steady_between(at), life.price_changes.steady_between(at)]
    begins = max([*(edge for edge in edges if edge <= at), *(begin for begin, _ in spans)])
    return begins, min([*(edge for edge in edges if edge > at), *(end for _, end in spans)])
