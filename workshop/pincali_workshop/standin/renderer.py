"""Pages of the current stock, put together from cards that are rendered once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pincali_workshop.standin.pages.cards import card_html
from pincali_workshop.standin.pages.detail_page import detail_page
from pincali_workshop.standin.pages.language import ENGLISH, Language
from pincali_workshop.standin.pages.listing_page import PageSlot, after_cards, before_cards
from pincali_workshop.standin.pages.sponsored import with_sponsored
from pincali_workshop.standin.pages.twins import twin_html
from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.state import ListingState

_SIMILAR = 7
_MAX_CACHED = 100_000


class Renderer:
    """Renders for one host: photos and assets are named by full URLs.

    Cards are kept by all that they depend on, so a page is a joining of bytes.
    """

    def __init__(self, form: str, base_url: str, sponsored: float = 0.0) -> None:
        self._form = form
        self._base_url = base_url
        self._sponsored = sponsored
        self._cards: dict[tuple[object, ...], bytes] = {}

    def listing_page(self, slot: PageSlot, states: Sequence[ListingState]) -> bytes:
        """One page of a search with these cards."""
        parts = [before_cards(slot, self._base_url)]
        cards = [self._card(state) for state in states]
        parts += with_sponsored(cards, slot.href(slot.number), self._form, self._sponsored)
        if self._form != "2025":
            parts += (self._twin(state) for state in states)
        parts.append(after_cards(slot))
        return b"".join(parts)

    def detail_page(
        self,
        state: ListingState,
        active: Sequence[ListingState],
        language: Language,
        now: datetime,
        *,
        is_sold: bool = False,
    ) -> bytes:
        """A listing's own page; its carousel shows others of the stock."""
        similar = [self._card(other, language, True) for other in similar_to(state, active)]
        return detail_page(
            state,
            similar,
            form=self._form,
            language=language,
            base_url=self._base_url,
            now=now,
            is_sold=is_sold,
        )

    def _card(
        self, state: ListingState, language: Language = ENGLISH, in_carousel: bool = False
    ) -> bytes:
        key = (state.version, language.code, in_carousel)
        return self._remembered(key) or self._remember(
            key, card_html(state, self._form, language, self._base_url, in_carousel=in_carousel)
        )

    def _twin(self, state: ListingState) -> bytes:
        key = (state.version, "twin")
        return self._remembered(key) or self._remember(key, twin_html(state, self._base_url))

    def _remembered(self, key: tuple[object, ...]) -> bytes | None:
        return self._cards.get(key)

    def _remember(self, key: tuple[object, ...], text: str) -> bytes:
        if len(self._cards) >= _MAX_CACHED:
            self._cards.clear()
        return self._cards.setdefault(key, text.encode())


def similar_to(state: ListingState, active: Sequence[ListingState]) -> list[ListingState]:
    """Up to seven other active listings."""
    if not active:
        return []
    first = Draws("similar", state.listing.numeric_id).integer(0, len(active) - 1)
    walk = (active[(first + step) % len(active)] for step in range(min(_SIMILAR + 1, len(active))))
    return [other for other in walk if other.listing.index != state.listing.index][:_SIMILAR]
