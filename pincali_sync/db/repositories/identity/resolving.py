"""Cards and pages find their record: one for each EasyBroker id, whatever slug it is seen under.

A sighting is a row of a temporary table of the transaction (`incoming`, `scraped`) with the columns
of `SIGHTING`. Most show a known id under its known slug, and one statement finds their records. The
others may give a record its first id, move a slug to another listing or show that two records are
one: whoever does that does it alone (see `merging`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pincali_sync.db.repositories.identity.merging import ALONE, CREATE_MERGED, MergeRepository

# Beside `source_url` and `public_id`, what the sighting shows. `accepted`: it may move slugs and
# join records. `asked`: the record whose page was asked for; `is_elsewhere`: a redirect led to
# another slug. Found out: `led_to`, the record that the slug meant before; `had_by`, where that is
# another listing's; `is_plain`, that there is nothing to find out.
_ID = "CAST(NULL AS varchar(255))"
SIGHTING = f"""0 AS line, true AS accepted, {_ID} AS computed_id, {_ID} AS asked,
       false AS is_elsewhere, {_ID} AS led_to, {_ID} AS had_by, false AS is_plain"""

_REASON = "one EasyBroker id"


# The record of each id, and the pairs of records that turn out to be one. An id belongs to the
# records that have it and to those without any that its sightings were led to; of these the one
# that is live stays, then the earlier. A slug without an id is given to the first that shows one
# there; a slug of another id's record makes the newcomer a record of its own, whose id is made as
# any other's, of the canonical URL + `#` + its EasyBroker id.
_IDENTIFY = """
WITH lines AS MATERIALIZED (
    SELECT t.line, t.public_id, t.led_to, t.accepted,
           CASE WHEN NOT t.is_elsewhere THEN t.asked END AS asked,
           coalesce(m.public_id, l.public_id) AS holder,
           min('pincali_' || left(md5(t.source_url || '#' || t.public_id), 16))
               OVER (PARTITION BY t.public_id) AS newcomer_id
      FROM {table} t
      LEFT JOIN property_manifest m ON m.property_id = t.led_to
      LEFT JOIN properties_live l ON l.property_id = t.led_to
     WHERE t.public_id IS NOT NULL AND NOT t.is_plain
), unnamed AS (
    SELECT DISTINCT ON (record) record, public_id
      FROM (SELECT line, public_id, led_to AS record FROM lines WHERE holder IS NULL AND accepted
            UNION ALL
            SELECT i.line, i.public_id, i.asked
              FROM lines i
              LEFT JOIN property_manifest m ON m.property_id = i.asked
              LEFT JOIN properties_live l ON l.property_id = i.asked
             WHERE i.accepted AND coalesce(m.property_id, l.property_id) IS NOT NULL
               AND coalesce(m.public_id, l.public_id) IS NULL) led
     ORDER BY record, line
), members AS (
    SELECT public_id, property_id AS record FROM property_manifest
     WHERE public_id IN (SELECT public_id FROM lines)
     UNION
    SELECT public_id, property_id FROM properties_live
     WHERE public_id IN (SELECT public_id FROM lines)
     UNION
    SELECT public_id, record FROM unnamed
), ranked AS MATERIALIZED (
    SELECT i.public_id, i.record,
           coalesce(m.property_id, l.property_id) IS NOT NULL AS is_record,
           first_value(i.record) OVER (
               PARTITION BY i.public_id
               ORDER BY l.property_id IS NULL, l.created_at,
                        coalesce(m.public_id, l.public_id) IS NULL,
                        m.property_id IS NULL, m.first_seen_at, i.record) AS stays
      FROM members i
      LEFT JOIN property_manifest m ON m.property_id = i.record
      LEFT JOIN properties_live l ON l.property_id = i.record
), joined AS (
    INSERT INTO merged (gone, stays)
    SELECT record, stays FROM ranked WHERE is_record AND record <> stays ON CONFLICT DO NOTHING
)
UPDATE {table} t
   SET property_id = CASE WHEN r.stays IS NOT NULL THEN r.stays
                          WHEN i.holder IS NULL AND NOT i.accepted THEN coalesce(i.asked, i.led_to)
                          ELSE i.newcomer_id END,
       had_by = CASE WHEN i.holder <> i.public_id THEN i.led_to END
  FROM lines i
  LEFT JOIN (SELECT DISTINCT public_id, stays FROM ranked) r USING (public_id)
 WHERE i.line = t.line
"""


def _unknown(table: str) -> str:
    """Whether one shows an id that no record has."""
    return f"""
SELECT EXISTS (
    SELECT 1 FROM {table} t
     WHERE t.public_id IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM property_manifest m WHERE m.public_id = t.public_id)
       AND NOT EXISTS (SELECT 1 FROM properties_live l WHERE l.public_id = t.public_id))
"""


def _find(table: str) -> str:
    """By its EasyBroker id, else by what its slug leads to; returns how many are not plain. A
    newcomer under a slug that leads nowhere is plain to whoever is alone, if nothing beside it
    shows its id elsewhere or another id there."""
    return f"""
WITH found AS MATERIALIZED (
    -- Scalar look-ups, one index probe each: a join with the aliases was planned as a walk over
    -- all of them.
    SELECT line, public_id,
           (SELECT property_id FROM property_manifest m WHERE m.public_id = t.public_id)
               AS on_pages,
           (SELECT property_id FROM properties_live l WHERE l.public_id = t.public_id) AS live,
           coalesce((SELECT property_id FROM property_aliases a WHERE a.alias = t.computed_id),
                    computed_id) AS led_to
      FROM {table} t
), shared AS MATERIALIZED (
    SELECT led_to FROM found GROUP BY led_to HAVING min(public_id) <> max(public_id)
     UNION ALL
    SELECT unnest(array_agg(led_to)) FROM found
     GROUP BY public_id HAVING min(led_to) <> max(led_to)
), told AS (
    UPDATE {table} t
       SET led_to = f.led_to, had_by = NULL,
           property_id = CASE WHEN t.public_id IS NULL THEN coalesce(t.asked, f.led_to)
                              ELSE coalesce(f.live, f.on_pages, f.led_to) END,
           is_plain = t.public_id IS NULL OR (
               f.led_to = coalesce(f.live, f.on_pages)
               AND f.led_to = coalesce(f.on_pages, f.live)
               AND f.led_to = coalesce(t.asked, f.led_to)) IS TRUE
               OR CAST(:alone AS boolean) AND t.accepted AND t.asked IS NULL
                  AND coalesce(f.live, f.on_pages) IS NULL
                  AND f.led_to NOT IN (SELECT led_to FROM shared)
                  AND NOT EXISTS (SELECT 1 FROM property_manifest m
                                   WHERE m.property_id = f.led_to)
                  AND NOT EXISTS (SELECT 1 FROM properties_live l WHERE l.property_id = f.led_to)
      FROM found f WHERE f.line = t.line
    RETURNING t.is_plain
)
SELECT count(*) FROM told WHERE NOT is_plain
"""


def _follow(table: str, column: str) -> str:
    """What meant a record that goes means the one that stays."""
    return f"UPDATE {table} t SET {column} = p.stays FROM merged p WHERE t.{column} = p.gone"


def _stay_at_home(table: str) -> str:
    """What a page shows that was asked for as another's, under that one's slug, stays under the
    slug that it is live under: a site may show whomever it likes in place of what is gone, and
    somebody else the next time. Whoever really moved there is shown there by cards."""
    return f"""
UPDATE {table} t SET source_url = l.source_url, led_to = t.property_id
  FROM properties_live l
 WHERE t.had_by IS NOT NULL AND NOT t.is_elsewhere AND t.asked <> t.property_id
   AND l.property_id = t.property_id AND l.public_id = t.public_id
"""


def _move_slugs(table: str) -> str:
    """Slugs lead from now on to the listing that was seen there last."""
    return f"""
WITH moved AS (
    SELECT * FROM (
        SELECT DISTINCT ON (computed_id) computed_id, property_id, led_to, source_url
          FROM {table} WHERE accepted AND public_id IS NOT NULL
         ORDER BY computed_id, line DESC) last
     WHERE led_to <> property_id
), its_own AS (
    DELETE FROM property_aliases a USING moved
     WHERE a.alias = moved.computed_id AND moved.property_id = moved.computed_id
)
INSERT INTO property_aliases (alias, property_id, source_url, created_at)
SELECT computed_id, property_id, source_url, CAST(:now AS timestamptz) FROM moved
 WHERE computed_id <> property_id ORDER BY computed_id
ON CONFLICT (alias) DO UPDATE
   SET property_id = excluded.property_id, source_url = excluded.source_url
"""


# A record that is queued, or was when the page was asked for, shows the id that it has.
_STRANGERS = """
SELECT count(*)
  FROM unnest(CAST(:property_ids AS text[]), CAST(:computed_ids AS text[]),
              CAST(:public_ids AS text[])) AS t (property_id, computed_id, public_id)
 WHERE t.public_id IS NOT NULL
   AND NOT (coalesce((SELECT property_id FROM property_aliases a WHERE a.alias = t.computed_id),
                     t.computed_id) = t.property_id
            AND (EXISTS (SELECT 1 FROM property_manifest m
                          WHERE m.public_id = t.public_id AND m.property_id = t.property_id)
                 OR EXISTS (SELECT 1 FROM properties_live l
                             WHERE l.public_id = t.public_id AND l.property_id = t.property_id)))
"""


class RecordRepository(MergeRepository):
    """SQL that finds records."""

    async def lock_for(self, sightings: Iterable[tuple[str, str, str | None]]) -> None:
        """Before any row is locked: whoever will join records or name one waits for its turn.

        Args:
            sightings: the record asked for, the id that the slug computes to, the EasyBroker id.
        """
        asked, computed, shown = [list(each) for each in zip(*sightings, strict=True)] or [[]] * 3
        named = {"property_ids": asked, "computed_ids": computed, "public_ids": shown}
        if await self._number(_STRANGERS, **named):
            await self._run(ALONE)

    async def find_records(self, table: str, *, now: datetime) -> int:
        """Gives each sighting of a temporary table its record; returns how many were not plain.

        Records that are one are made one.
        """
        alone = bool(await self._scalar(_unknown(table)))
        if alone:
            await self._run(ALONE)
        unclear = await self._number(_find(table), alone=alone)
        if unclear and not alone:
            await self._run(ALONE)  # and look again: somebody may have been here
            unclear = await self._number(_find(table), alone=True)
        if unclear:
            await self._run(CREATE_MERGED)
            await self._run(_IDENTIFY.format(table=table))
            if await self._number("SELECT count(*) FROM merged"):
                await self._run(_follow(table, "property_id"))
                await self._run(_follow(table, "led_to"))
                await self.merge_found(reason=_REASON, now=now)
            await self._run(_stay_at_home(table))
        return unclear

    async def move_slugs(self, table: str, *, now: datetime) -> None:
        """After the rows of the records are written: their slugs lead to them."""
        await self._run(_move_slugs(table), now=now)
