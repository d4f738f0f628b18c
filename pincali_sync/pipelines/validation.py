"""First in line: what is no listing is dropped with a reason and a count."""

from __future__ import annotations

from typing import Any

from pincali_sync.answers.detail import prove_identity
from pincali_sync.crawl_job import Component
from pincali_sync.items import ManifestPage, ScrapeResult


class ValidationPipeline(Component):
    """Counts unreadable cards by reason, and turns pages of other listings into failures."""

    def process_item(self, item: Any) -> Any:
        """Counts a listing page's cards; a detail page must prove whose it is."""
        if isinstance(item, ManifestPage):
            self._count_cards(item)
        if isinstance(item, ScrapeResult):
            proven = prove_identity(item)
            if proven is not item:
                self._stats.inc_value("detail/dropped/other_listing")
            return proven
        return item

    def _count_cards(self, item: ManifestPage) -> None:
        for reason in item.page.unreadable_cards:
            self._stats.inc_value(f"manifest/dropped/{reason.replace(' ', '_')}")
        priceless = sum(not entry.offers for entry in item.page.entries)
        self._stats.inc_value("manifest/entries", len(item.page.entries))
        self._stats.inc_value("manifest/entries_without_price", priceless)
