"""Two records become one: the one way to it, whoever found that they are one.

The pairs lie in the transaction's temporary table `merged`. The record that stays keeps its id,
which other tables refer to; what names the other names it from now on (see `following`), and the
other's id leads to it as an alias. Statements go in the lock order queue, live, manifest.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pincali_sync.db.models.manifest import PropertyManifest
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.identity.following import CANDIDATES, HISTORY
from pincali_sync.db.repositories.identity.references import FOLLOW_REFERENCES
from pincali_sync.db.repositories.people.places import NAMING
from pincali_sync.db.repositories.removal.transition import PRESENT, transition
from pincali_sync.domain.identity import CANONICAL_ROOT
from pincali_sync.domain.listing_status import Cause, ChangeType, ListingStatus

# Who joins records, or gives one its first EasyBroker id, does so alone: two that bring one
# listing under two slugs at the same moment would make two records of it. The transaction's own
# lock, taken before any row.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('pincali_sync.identity'))"

CREATE_MERGED = """
CREATE TEMPORARY TABLE IF NOT EXISTS merged (
    gone varchar(255) PRIMARY KEY, stays varchar(255) NOT NULL,
    public_id text, source_url text, first_seen_at timestamptz,
    is_there boolean, is_live boolean, moves boolean
) ON COMMIT DROP
"""
_ADD = """
INSERT INTO merged (gone, stays) VALUES (:gone, :stays) ON CONFLICT DO NOTHING
"""
# What the record that stays takes over. One that was seen on pages, or whose live row says so, is
# there; what only the sitemap lists revives nothing. Where only records that go are live, the row
# of the best of them becomes that of the one that stays.
_LOOK = f"""
UPDATE merged p
   SET public_id = f.public_id, source_url = f.source_url, first_seen_at = f.first_seen_at,
       is_there = f.is_there, is_live = f.is_live,
       moves = f.is_live AND NOT f.stays_live AND f.place = 1
  FROM (SELECT g.gone, coalesce(m.public_id, n.public_id) AS public_id,
               coalesce(m.source_url, n.source_url) AS source_url,
               least(m.first_seen_at, n.first_seen_at) AS first_seen_at,
               coalesce(n.listing_status IN {PRESENT}, m.sources <> '{{}}', false) AS is_there,
               n.property_id IS NOT NULL AS is_live,
               l.property_id IS NOT NULL AS stays_live,
               row_number() OVER (
                   PARTITION BY g.stays
                   ORDER BY n.property_id IS NULL, n.listing_status IN {PRESENT} DESC,
                            n.last_full_scrape_at DESC NULLS LAST, g.gone) AS place
          FROM merged g
          LEFT JOIN property_manifest m ON m.property_id = g.gone
          LEFT JOIN properties_live n ON n.property_id = g.gone
          LEFT JOIN properties_live l ON l.property_id = g.stays) f
 WHERE f.gone = p.gone
"""

# What was asked for in vain under the one id says nothing of the other's page. A page under way is
# finished by its row, which is left alone: its result finds the record.
_QUEUE = (
    """
DELETE FROM scrape_queue q USING merged p
 WHERE q.property_id = p.gone AND q.status = 'pending' AND q.attempt_count = 0
""",
    """
UPDATE scrape_queue q
   SET status = 'cancelled', completed_at = :now,
       last_error = 'the record was merged into another'
  FROM merged p WHERE q.property_id = p.gone AND q.status IN ('pending', 'failed')
""",
    """
UPDATE scrape_queue q SET property_id = p.stays
  FROM merged p WHERE q.property_id = p.gone AND q.status = 'completed'
""",
)

# A slug that changed, told as a card's would be: whoever shows it first, the journal is the same.
_MOVED = f""", moved AS (
    INSERT INTO property_changes
           (property_id, change_type, field_name, old_value, new_value, created_at)
    SELECT property_id, '{ChangeType.UPDATED}', 'source_url', to_jsonb(old_url),
           to_jsonb(source_url), CAST(:now AS timestamptz)
      FROM changed
     WHERE source_url <> old_url AND starts_with(old_url, '{CANONICAL_ROOT}')
     ORDER BY property_id
) SELECT count(*) FROM changed"""

_LIVE = (  # what names people has no term in the journal; the page, which is read anew, has it
    f"""
INSERT INTO property_changes
       (property_id, change_type, field_name, old_value, new_value, change_reason, created_at)
SELECT p.stays, 'updated', 'property_id', to_jsonb(l) - 'search_vector' - {NAMING},
       to_jsonb(p.stays), CAST(:reason AS text), CAST(:now AS timestamptz)
  FROM properties_live l JOIN merged p ON p.gone = l.property_id
 ORDER BY l.property_id FOR UPDATE OF l
""",
    """
UPDATE properties_live l SET property_id = p.stays
  FROM merged p WHERE p.moves AND l.property_id = p.gone
""",
    FOLLOW_REFERENCES,
    "DELETE FROM properties_live l USING merged p WHERE l.property_id = p.gone",
    # The live row's EasyBroker id is what pages must show: from now on the one seen last.
    transition(
        Cause.MERGER,
        """
      FROM properties_live l
      JOIN (SELECT stays, max(public_id) AS public_id, min(first_seen_at) AS first_seen_at,
                   bool_or(is_there) AS is_there
              FROM merged GROUP BY stays) p ON p.stays = l.property_id
      LEFT JOIN LATERAL (
            SELECT source_url FROM (
                SELECT source_url, last_seen_at FROM property_manifest
                 WHERE property_id = p.stays
                 UNION ALL
                SELECT g.source_url, coalesce(m.last_seen_at, '-infinity')
                  FROM merged g LEFT JOIN property_manifest m ON m.property_id = g.gone
                 WHERE g.stays = p.stays) urls
             WHERE source_url IS NOT NULL ORDER BY last_seen_at DESC LIMIT 1) u ON true""",
        targets={ListingStatus.RELISTED: "p.is_there", ListingStatus.ACTIVE: "p.is_there"},
        carried=[
            "coalesce(p.public_id, l.public_id) AS public_id",
            "coalesce(u.source_url, l.source_url) AS source_url",
            "l.source_url AS old_url",
            "least(p.first_seen_at, l.first_seen_at) AS first_seen_at",
            "p.is_there",
        ],
        missing="CASE WHEN r.is_there THEN 0 ELSE l.consecutive_missing_count END",
        also=[
            *(f"{each} = r.{each}" for each in ("public_id", "source_url", "first_seen_at")),
            "last_updated_at = :now",
        ],
        reason=":reason",
        then=_MOVED,
    ),
)

# A card tells more than the sitemap, the later one what is so now. What pages showed under the
# other record, and what it had live, is looked at anew.
_CARD = tuple(
    each.name
    for each in PropertyManifest.__table__.columns
    if each.name
    not in {
        *("id", "property_id", "first_seen_at", "last_seen_at", "sources"),
        *("public_id", "is_new", "needs_full_scrape", "price_changed"),
    }
)
_IS_LATER = (
    "(excluded.sources <> '{}', excluded.last_seen_at) > (m.sources <> '{}', m.last_seen_at)"
)
_MANIFEST = f"""
WITH gone AS (
    DELETE FROM property_manifest m USING merged p WHERE m.property_id = p.gone
    RETURNING p.stays, m.*
), best AS (
    SELECT DISTINCT ON (stays) * FROM gone
     ORDER BY stays, sources <> '{{}}' DESC, last_seen_at DESC, property_id
), summed AS (
    SELECT stays, min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at,
           max(public_id) AS public_id, bool_or(needs_full_scrape) AS is_wanted,
           bool_or(sources <> '{{}}') AS was_on_pages
      FROM gone GROUP BY stays
)
INSERT INTO property_manifest AS m
       (property_id, first_seen_at, last_seen_at, sources, public_id,
        is_new, needs_full_scrape, price_changed, {", ".join(_CARD)})
SELECT b.stays, s.first_seen_at, s.last_seen_at,
       ARRAY(SELECT DISTINCT unnest(g.sources) FROM gone g WHERE g.stays = b.stays ORDER BY 1),
       s.public_id, true, s.was_on_pages OR (s.is_wanted AND l.property_id IS NULL), false,
       {", ".join(f"b.{each}" for each in _CARD)}
  FROM best b JOIN summed s USING (stays)
  LEFT JOIN properties_live l ON l.property_id = b.stays
 ORDER BY b.stays
ON CONFLICT (property_id) DO UPDATE SET
    {", ".join(f"{c} = CASE WHEN {_IS_LATER} THEN excluded.{c} ELSE m.{c} END" for c in _CARD)},
    first_seen_at = least(m.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(m.last_seen_at, excluded.last_seen_at),
    sources = ARRAY(SELECT DISTINCT unnest(m.sources || excluded.sources) ORDER BY 1),
    public_id = coalesce(excluded.public_id, m.public_id),
    needs_full_scrape = m.needs_full_scrape OR excluded.needs_full_scrape
"""
_IS_LIVE = """
UPDATE property_manifest m
   SET is_new = false, needs_full_scrape = m.needs_full_scrape OR p.lost_a_row
  FROM (SELECT g.stays, bool_or(g.is_live AND NOT g.moves) AS lost_a_row
          FROM merged g JOIN properties_live l ON l.property_id = g.stays GROUP BY g.stays) p
 WHERE m.property_id = p.stays
"""

# A slug that another listing has meanwhile stays that one's.
_ALIASES = (
    """
INSERT INTO property_aliases (alias, property_id, source_url, created_at)
SELECT gone, stays, source_url, CAST(:now AS timestamptz) FROM merged ORDER BY gone
ON CONFLICT (alias) DO NOTHING
""",
    """
UPDATE property_aliases a SET property_id = p.stays
  FROM merged p WHERE a.property_id = p.gone
""",
    """
DELETE FROM property_aliases
 WHERE alias = property_id AND alias IN (SELECT stays FROM merged)
""",
)
_MERGE = (_LOOK, *_QUEUE, *_LIVE, _MANIFEST, _IS_LIVE, *_ALIASES, *HISTORY, *CANDIDATES)


class MergeRepository(Repository):
    """Makes records one."""

    async def merge(self, pairs: Iterable[tuple[str, str]], *, reason: str, now: datetime) -> None:
        """Makes one record of each of these two: of the one that goes, and the one that stays."""
        await self._run(ALONE)
        await self._run(CREATE_MERGED)
        await self._run_each(_ADD, [{"gone": gone, "stays": stays} for gone, stays in pairs])
        await self.merge_found(reason=reason, now=now)

    async def merge_found(self, *, reason: str, now: datetime) -> None:
        """Makes one record of each pair of `merged`, which is empty then.

        Dated before all else that the transaction tells of these records at `now`: it may move
        them once more, and the feed goes by time.
        """
        await self._run("ANALYZE merged")
        for statement in _MERGE:
            await self._run(statement, reason=reason, now=now - timedelta(microseconds=1))
        await self._run("TRUNCATE merged")
