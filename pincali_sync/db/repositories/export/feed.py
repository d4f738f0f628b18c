"""The feed of changes: entries of the journal by their positions."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.scrapes import REPAIR
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.published import Change, ChangedListing

# Until the end of the transaction. A statement of its own: the next one must see what the last
# holder committed.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('pincali_sync.change_feed'))"
END = "SELECT coalesce(max(feed_position), 0) FROM property_changes WHERE feed_position > 0"
# The repair of an adopted row is no news of the site: 0, no part of the feed.
_NUMBER = f"""
WITH waiting AS (
    SELECT id, created_at, property_id, change_type, field_name,
           change_reason IS DISTINCT FROM '{REPAIR}' AS is_event
      FROM property_changes WHERE feed_position IS NULL ORDER BY created_at LIMIT :limit
), placed AS (
    SELECT id, is_event,
           count(*) FILTER (WHERE is_event) OVER (
               ORDER BY created_at, property_id, change_type, field_name, id) AS place
      FROM waiting
)
UPDATE property_changes c
   SET feed_position = CASE WHEN p.is_event THEN ({END}) + p.place ELSE 0 END
  FROM placed p WHERE c.id = p.id
"""
_READ = """
SELECT feed_position AS position, property_id, change_type, field_name, old_value, new_value,
       change_reason AS reason, created_at
  FROM property_changes WHERE feed_position > 0 AND feed_position > :after
 ORDER BY feed_position LIMIT :limit
"""
_SHOWN = ", ".join(f"'{each.name}', l.{each.name}" for each in fields(ChangedListing))
_READ_WITH_LISTINGS = f"""
SELECT c.*, CASE WHEN l.property_id IS NOT NULL THEN json_build_object({_SHOWN}) END AS listing
  FROM ({_READ}) AS c LEFT JOIN properties_live l ON l.property_id = c.property_id
 ORDER BY c.position
"""


class ChangeFeedRepository(Repository):
    """Journal entries in the order of their positions.

    Positions are given to committed entries, one transaction after the other, and never change; so
    whoever has read up to one has missed nothing before it.
    """

    async def number(self, limit: int) -> int:
        """Gives positions to entries that have none, the oldest first; returns how many it took.

        Waits for whoever is at it.
        """
        await self._run(_LOCK)
        return await self._count(_NUMBER, limit=limit)

    async def read(self, after: int, limit: int, *, with_listing: bool = False) -> list[Change]:
        """Entries beyond a position, in order; if asked, each with its listing as it is now."""
        if not with_listing:
            return await self._all(Change, _READ, after=after, limit=limit)
        return await self._all(_with_listing, _READ_WITH_LISTINGS, after=after, limit=limit)

    async def end(self) -> int:
        """The last position that was given; 0 before the first."""
        return await self._number(END)


def _with_listing(*, listing: dict[str, Any] | None, **change: Any) -> Change:
    if listing is None:
        return Change(**change)
    listing["listing_status"] = ListingStatus(listing["listing_status"])
    return Change(**change, listing=ChangedListing(**listing))
