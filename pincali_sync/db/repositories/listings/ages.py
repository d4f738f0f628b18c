"""How old it is what is known of a listing: whether it is there, what it costs, its details.

Nothing is stored for it: the times stand in the live row, the manifest, the scans' sessions and the
sitemap, and are put together where they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.live import finite
from pincali_sync.db.repositories.removal.transition import PRESENT
from pincali_sync.db.repositories.site.listed import listed_at

AGE_COLUMNS = ("presence_as_of", "price_as_of", "details_as_of")
READABLE_AGES = ", ".join(f"{finite(f'ages.{each}')} AS {each}" for each in AGE_COLUMNS)

# The sitemap may have listed a record after a card showed it, so that a card is as old as its scan.
# One that costs something else confirms no price, one without a price none either.
_CARD_AT = """CASE WHEN s.id IS NOT NULL AND m.sources <> '{}' AND m.listing_page_price = l.price
                        AND m.currency = l.currency AND m.price_unit = l.price_unit
                   THEN least(m.last_seen_at, s.completed_at) END"""

# Joins `ages` to `properties_live l`, with a time or NULL in each of `AGE_COLUMNS`:
#   presence_as_of  when a card, its page or the sitemap last showed that it is there
#   price_as_of     when its page, or a card with this very price, last showed what it costs
#   details_as_of   when its page was last read
# What is not selected of it is not computed.
AGES = f"""
  LEFT JOIN LATERAL (
      SELECT greatest(l.last_seen_at, l.last_full_scrape_at, m.last_seen_at,
                      {listed_at("l.property_id")}) AS presence_as_of,
             greatest(l.last_full_scrape_at, {_CARD_AT}) AS price_as_of,
             l.last_full_scrape_at AS details_as_of
        FROM (SELECT) AS one
        LEFT JOIN property_manifest m ON m.property_id = l.property_id
        LEFT JOIN scraping_sessions s ON s.id = m.seen_in_session_id) AS ages ON true"""

# Of the whole a sample of pages of the table tells enough: half and nineteen twentieths of some
# thousand rows are those of all within a day or so, at the cost of these rows alone.
_SAMPLED = 20_000
_SHARES = {"median": 0.5, "most": 0.05}
_OF_ALL = f"""
SELECT known.kind, {
    ", ".join(
        f"percentile_disc({share}) WITHIN GROUP (ORDER BY known.as_of) AS {name}"
        for name, share in _SHARES.items()
    )
}
  FROM properties_live l TABLESAMPLE SYSTEM (:percent) REPEATABLE (1)
  {AGES}
 CROSS JOIN LATERAL (VALUES ('presence', ages.presence_as_of), ('price', ages.price_as_of),
                            ('details', ages.details_as_of)) AS known (kind, as_of)
 WHERE l.listing_status IN {PRESENT}
 GROUP BY known.kind
"""
# What the sitemap made known and no page has shown yet. An index has just these.
_BY_URL = "FROM property_manifest WHERE is_new AND sources = '{}'"
KNOWN_BY_URL = f"SELECT count(*) {_BY_URL}"
_LATEST_FIRST = "ORDER BY first_seen_at DESC, property_id DESC"  # as that index has them
_SOME_BY_URL = f"SELECT count(*) FROM (SELECT {_BY_URL} {_LATEST_FIRST} LIMIT :most) AS counted"
_LATEST_BY_URL = f"""
SELECT property_id, source_url, first_seen_at {_BY_URL}
   AND (first_seen_at, property_id) < (:until, :before)
 {_LATEST_FIRST} LIMIT :limit
"""
MOST_BY_URL = 10_000  # that pages count
_ROWS = "SELECT reltuples FROM pg_class WHERE oid = CAST('properties_live' AS regclass)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """How old one kind of knowledge is, of present listings; None: nothing is known."""

    kind: str  # presence, price, details
    median: datetime | None  # half of them are known as of then, or later
    most: datetime | None  # nineteen twentieths are


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownByUrl:
    """A listing of which its URL is known and nothing else."""

    property_id: str
    source_url: str
    first_seen_at: datetime  # when the sitemap first listed it


class AgesRepository(Repository):
    """SQL of how old the live table is."""

    async def of_all(self) -> list[Age]:
        """By kind, from a sample of large tables; empty where nothing is present."""
        rows = max(1.0, await self._scalar(_ROWS))  # -1: never analysed
        return await self._all(Age, _OF_ALL, percent=min(100.0, 100.0 * _SAMPLED / rows))

    async def known_by_url(self) -> int:
        """How many listings the sitemap made known and no page has shown yet."""
        return await self._number(KNOWN_BY_URL)

    async def some_by_url(self) -> int:
        """The same, but one more than `MOST_BY_URL` for whatever is more."""
        return await self._number(_SOME_BY_URL, most=MOST_BY_URL + 1)

    async def latest_by_url(self, until: datetime, before: str, *, limit: int) -> list[KnownByUrl]:
        """Those first seen before an instant, the latest first.

        Args:
            before: of those of that very instant the ones whose id comes before this.
        """
        given = {"until": until, "before": before, "limit": limit}
        return await self._all(KnownByUrl, _LATEST_BY_URL, **given)
