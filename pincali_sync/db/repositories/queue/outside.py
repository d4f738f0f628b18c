"""Topping the queue up with what waits outside, at the cost of what moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pincali_sync.clock import TOLERATED, TOLERATED_SECONDS
from pincali_sync.db.repositories.queue import rest
from pincali_sync.db.repositories.queue.filling import Filling
from pincali_sync.db.repositories.queue.room import ROOM, RoomRepository, insert
from pincali_sync.db.repositories.removal.transition import LIKELY
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.items import ANOTHER_TRY

_TOLERATED = f"interval '{TOLERATED_SECONDS} seconds'"
_MOST = 500  # rows of one transaction
_SPARE = 50  # beyond the room: some of those that are next turn out to want nothing, or to rest

# Also what rests longer than anything does: the clock was set back since.
_WAKE = """
UPDATE queue_outside o SET rests_until = NULL
  FROM (SELECT * FROM (SELECT property_id FROM queue_outside WHERE rests_until <= :now
                        ORDER BY rests_until LIMIT :size FOR UPDATE SKIP LOCKED) over
        UNION ALL
        SELECT * FROM (SELECT property_id FROM queue_outside WHERE rests_until > :longest
                        ORDER BY rests_until LIMIT :size FOR UPDATE SKIP LOCKED) of_the_future) due
 WHERE o.property_id = due.property_id
"""
# Locked before they are looked at: what ends meanwhile waits to come back to them.
_NEXT = """
SELECT property_id FROM queue_outside WHERE rests_until IS NULL
 ORDER BY priority, first_seen_at DESC, property_id
 LIMIT :size FOR UPDATE SKIP LOCKED
"""

# A run's is what its own scan saw last, whoever takes it: so its figures do not depend on that.
_FOUND_BY = """(
    SELECT r.id FROM sync_runs r
     WHERE r.status = 'running'
       AND r.session_id = coalesce(m.seen_in_session_id,
                                   (SELECT u.session_id FROM sitemap_urls u
                                     WHERE u.computed_id = m.property_id)))"""

# What only the sitemap knows comes after what pages showed, and gives way to it at a full queue.
PRIORITY = "CASE WHEN m.is_new AND m.sources = '{}' THEN 3 WHEN m.is_new THEN 1 ELSE 2 END"
# As urgent as a new one once it is in the queue; what waits outside is told by the manifest alone.
_CAME_BACK = f"l.listing_status IS NOT DISTINCT FROM '{ListingStatus.RELISTED}'"

# What was asked for in vain is tried again, first after a day: all that waits here is known to be
# new, or to be other than the live row says. What the manifest does not want any more, and what
# waits in the queue, waits no longer; whose page is being fetched does, as a look at a missing
# listing may end without settling the news. What is likely removed the verification looks at alone.
_TAKE = f"""
WITH looked AS MATERIALIZED (
    SELECT o.property_id, o.place, m.source_url, {_FOUND_BY} AS run_id,
           m.needs_full_scrape IS TRUE AND page.is_waiting IS NOT TRUE AS is_wanted,
           CASE WHEN {_CAME_BACK} THEN 1 ELSE {PRIORITY} END AS priority,
           CASE WHEN {rest.WAS_IN_VAIN} THEN '{ANOTHER_TRY}'
                WHEN m.is_new AND m.sources = '{{}}' THEN 'sitemap'
                WHEN m.is_new THEN 'new_property'
                WHEN m.price_changed AND NOT {_CAME_BACK} THEN 'price_change'
                ELSE 'relisted' END AS reason,
           CASE WHEN page.is_waiting IS FALSE
                THEN greatest(page.lease_expires_at, :now + interval '1 minute')
                WHEN l.listing_status = {LIKELY} THEN :now + interval '1 day'
                WHEN vain.last_at - {_TOLERATED} <= :now
                THEN vain.last_at + {rest.after("vain.times", days=1)} END AS rests_until
      FROM unnest(CAST(:property_ids AS text[])) WITH ORDINALITY AS o (property_id, place)
      LEFT JOIN property_manifest m ON m.property_id = o.property_id
      LEFT JOIN properties_live l ON l.property_id = o.property_id
      LEFT JOIN LATERAL (
           SELECT q.status = 'pending' AS is_waiting, q.lease_expires_at FROM scrape_queue q
            WHERE q.property_id = o.property_id AND q.status IN ('pending', 'in_progress')
            LIMIT 1) page ON true
     CROSS JOIN LATERAL (
           SELECT count(*) AS times, max(q.completed_at) AS last_at
             FROM scrape_queue q
            WHERE q.property_id = o.property_id AND {rest.VAIN_SINCE}) vain
), fitting AS MATERIALIZED (
    SELECT * FROM looked WHERE is_wanted AND (rests_until > :now) IS NOT TRUE
     ORDER BY place LIMIT least(CAST(:wanted AS integer), {ROOM})
), queued AS ({insert("run_id")} RETURNING property_id
), rested AS (
    UPDATE queue_outside o SET rests_until = k.rests_until
      FROM looked k WHERE k.property_id = o.property_id AND is_wanted AND k.rests_until > :now
    RETURNING o.property_id
), settled AS (
    DELETE FROM queue_outside o
     WHERE property_id IN (SELECT property_id FROM looked WHERE NOT is_wanted
                            UNION ALL SELECT property_id FROM fitting)
    RETURNING o.property_id
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT count(*) FROM rested) + (SELECT count(*) FROM settled) AS moved
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one step of topping up did."""

    queued: int = 0
    moved: int = 0  # rows that are next no longer, queued or not


class OutsideRepository(RoomRepository):
    """SQL of `queue_outside`, which triggers fill."""

    async def take(self, filling: Filling) -> Taken:
        """Queues what is next, as much as fits; to be repeated until nothing moves."""
        room = await self.room(filling.max_pending)
        if not room:
            return Taken()
        size = min(room + _SPARE, _MOST)
        longest = filling.now + timedelta(days=rest.LONGEST_DAYS) + TOLERATED
        await self._run(_WAKE, size=size, now=filling.now, longest=longest)
        found = list((await self._run(_NEXT, size=size)).scalars())
        if not found:
            return Taken()
        wanted = min(room, len(found))
        announced = await self.announce(wanted)
        return await self._one(
            Taken,
            _TAKE,
            property_ids=found,
            wanted=wanted,
            announced=announced,
            max_pending=filling.max_pending,
            now=filling.now,
        )
