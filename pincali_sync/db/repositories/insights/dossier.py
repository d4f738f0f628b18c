"""Everything that is known of one record, for a person who asks why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pincali_sync.db.repositories.insights.lookup import LookupRepository
from pincali_sync.db.repositories.listings.ages import AGES, READABLE_AGES
from pincali_sync.db.repositories.listings.live import readable
from pincali_sync.db.repositories.site.listed import LISTED_URLS, listed_at

_SHOWN = (
    *("description", "property_type", "address", "neighborhood", "city", "state", "postal_code"),
    *("latitude", "longitude", "offers", "agency_name", "features", "amenities"),
    *("bedrooms", "bathrooms", "half_bathrooms", "parking_spaces", "floor_number", "total_floors"),
    *("total_area_m2", "covered_area_m2", "lot_size_m2", "price_per_m2"),
    *("age_years", "construction_year", "listing_date"),
    *("main_image_url", "image_urls", "virtual_tour_url", "video_url"),
)
_EXPLAINS = (
    *("property_id", "public_id", "title", "source_url", "listing_status", "status"),
    *("consecutive_missing_count", "operation_type", "price", "currency", "price_unit"),
    *("first_seen_at", "last_seen_at", "last_manifest_seen_at", "last_full_scrape_at"),
    *("last_updated_at", "verification_status", "scrape_priority", "visits", "visits_with_news"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the journal."""

    created_at: datetime
    change_type: str
    field_name: str | None
    old_value: Any
    new_value: Any
    change_reason: str | None


class DossierRepository(LookupRepository):
    """Reads about one record; writes nothing."""

    async def live(self, property_id: str) -> Mapping[str, Any] | None:
        """What of the live row explains how the record is treated."""
        statement = f"""SELECT {", ".join(map(readable, _EXPLAINS))}
              FROM properties_live l WHERE l.property_id = :property_id"""
        return await self._first(dict, statement, property_id=property_id)

    async def titles(self, property_ids: Sequence[str]) -> dict[str, str]:
        """What these records are called, as far as that is known."""
        return await self._pairs(
            """SELECT property_id, coalesce(l.title, m.listing_page_title)
                 FROM property_manifest m LEFT JOIN properties_live l USING (property_id)
                WHERE property_id = ANY(CAST(:ids AS text[]))""",
            ids=list(property_ids),
        )

    async def shown(self, property_id: str) -> Mapping[str, Any] | None:
        """What people want to know of a live listing, and how old that is."""
        statement = f"""SELECT {", ".join(map(readable, _SHOWN))},
                   {READABLE_AGES}
              FROM properties_live l {AGES} WHERE l.property_id = :property_id"""
        return await self._first(dict, statement, property_id=property_id)

    async def manifest(self, property_id: str) -> Mapping[str, Any] | None:
        """The card as it was seen last; listed by the sitemap counts as seen."""
        statement = f"""SELECT property_id, public_id, listing_page_title, source_url,
                   listing_page_price, currency, price_unit, operation_type, first_seen_at,
                   greatest(last_seen_at, {listed_at("m.property_id")}) AS last_seen_at,
                   sources, is_new, needs_full_scrape, price_changed
              FROM property_manifest m WHERE property_id = :property_id"""
        return await self._first(dict, statement, property_id=property_id)

    async def sightings(self, property_id: str, *, limit: int) -> list[dict[str, Any]]:
        """Pages that showed it, the latest first."""
        statement = """SELECT source, part, page_number, seen_at, session_id FROM property_sightings
             WHERE property_id = :property_id
             ORDER BY seen_at DESC, source, part, page_number LIMIT :limit"""
        return await self._all(dict, statement, property_id=property_id, limit=limit)

    async def changes(
        self, property_id: str, *, limit: int, only_prices: bool = False
    ) -> list[Change]:
        """Its journal, the latest first; or what that says of its price and the price's terms."""
        statement = f"""SELECT {", ".join(Change.__dataclass_fields__)} FROM property_changes
             WHERE property_id = :property_id AND (NOT :only_prices
                   OR field_name IN ('price', 'currency', 'price_unit', 'operation_type'))
             ORDER BY created_at DESC, field_name LIMIT :limit"""
        asked = {"property_id": property_id, "limit": limit, "only_prices": only_prices}
        return await self._all(Change, statement, **asked)

    async def certificates(self, property_id: str) -> list[dict[str, Any]]:
        """What the scan that missed it last was worth, by source."""
        statement = """SELECT c.source, c.certified, c.proves_absence, c.reasons, c.pages_read,
                   c.pages_lost, c.distinct_properties, c.total_at_end, c.started_at
              FROM scan_certificates c
              JOIN properties_live l ON l.missing_session_id = c.session_id
             WHERE l.property_id = :property_id ORDER BY c.source"""
        return await self._all(dict, statement, property_id=property_id)

    async def sitemap(self, property_id: str) -> list[dict[str, Any]]:
        """Its URLs in the sitemap, and whether the last complete one had them."""
        statement = f"""SELECT u.source_url, u.first_listed_at, u.listed_at,
                   (SELECT max(dated_at) FROM sitemap_passes WHERE is_complete) > u.listed_at
                       AS is_dropped
              FROM {LISTED_URLS} u LEFT JOIN property_aliases a ON a.alias = u.computed_id
             WHERE coalesce(a.property_id, u.computed_id) = :property_id
               AND (u.computed_id = :property_id OR u.computed_id IN
                    (SELECT alias FROM property_aliases WHERE property_id = :property_id))
             ORDER BY u.listed_at DESC"""
        return await self._all(dict, statement, property_id=property_id)
