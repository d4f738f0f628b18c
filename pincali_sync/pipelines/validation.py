"""First in line: what is no listing is dropped with a reason and a count."""

from __future__ import annotations

from typing import Any

from pincali_sync.crawl_job import Component
from pincali_sync.items import ManifestPage
from pincali_sync.services.data_sync_service import ScrapeResult


class ValidationPipeline(Component):
    """Counts unreadable cards by reason, and turns pages of other listings into failures."""

    def process_item(self, item: Any) -> Any:
        """Counts a listing page's cards; a detail page must prove whose it is."""
        if isinstance(item, ManifestPage):
            self._count_cards(item)
        if isinstance(item, ScrapeResult) and item.scraped is not None:
            return self._with_proven_identity(item)
        return item

    def _count_cards(self, item: ManifestPage) -> None:
        for reason in item.page.unreadable_cards:
            self._stats.inc_value(f"manifest/dropped/{reason.replace(' ', '_')}")
        priceless = sum(not entry.offers for entry in item.page.entries)
        self._stats.inc_value("manifest/entries", len(item.page.entries))
        self._stats.inc_value("manifest/entries_without_price", priceless)

    def _with_proven_identity(self, result: ScrapeResult) -> ScrapeResult:
        """A page may be saved only under the record whose EasyBroker id it shows."""
        assert result.scraped is not None
        expected, shown = result.queued.public_id, result.scraped.public_id
        if expected is None or shown == expected:
            return result
        self._stats.inc_value("detail/dropped/other_listing")
        return ScrapeResult(
            queued=result.queued,
            scraped=None,
            error=f"the page shows {shown or 'no id'}, the record is {expected}",
        )
