"""How many cards a full page has, and which pages have fewer."""

from __future__ import annotations

from collections import Counter

from pincali_sync.domain.page_facts import PageFacts

_NEARLY_FULL = 0.9  # of the cards on other pages: one or two may be wanting
_USUAL = 3  # pages with so many cards: that is a size of a full page, whatever others have


class PageSizes:
    """The cards of all pages of a walk on which others follow: those should be full.

    The most of them is no measure: a page may have promoted listings beside its own, and the site
    another page size from some page on.
    """

    def __init__(self) -> None:
        self._cards: dict[tuple[str, int], int] = {}  # by the page's key
        self._pages: Counter[int] = Counter()  # that have so many cards

    def learn(self, key: tuple[str, int], facts: PageFacts) -> None:
        """Takes in a page that is believed; what it was like before is forgotten."""
        if key in self._cards:
            self._pages[self._cards.pop(key)] -= 1
        if facts.has_next and not facts.is_absent:
            self._cards[key] = facts.cards
            self._pages[facts.cards] += 1

    @property
    def full(self) -> int:
        """The cards of a full page, as far as is known yet."""
        seen = [cards for cards, pages in self._pages.items() if pages]
        usual = [cards for cards in seen if self._pages[cards] >= _USUAL]
        return min(usual, default=max(seen, default=0))

    def is_short(self, facts: PageFacts | None) -> bool:
        """Whether more pages follow on one that has fewer cards than others so far."""
        return (
            facts is not None
            and facts.has_next
            and not facts.is_absent
            and facts.cards < _NEARLY_FULL * self.full
        )

    def short_pages(self) -> list[tuple[str, int]]:
        """The keys of those that have fewer cards than most."""
        most = max(self._pages, key=lambda cards: (self._pages[cards], -cards), default=0)
        return [key for key, cards in self._cards.items() if cards < _NEARLY_FULL * most]
