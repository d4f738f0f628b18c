"""Cards that say what they said before, of records with which nothing is the matter.

That is nearly every card of a scan. Nothing of them is sent but a digest, and nothing is written
but that they were seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.prices.price_change import (
    LIVE_OFFER,
    PRICE_CHANGE_KIND,
    PRICE_IS_SETTLED,
)
from pincali_sync.db.repositories.removal.transition import LIKELY, REMOVED
from pincali_sync.domain.identity import CANONICAL_ROOT
from pincali_sync.domain.prices import Offer
from pincali_sync.items import ManifestEntry, ManifestPage

_SAID = attrgetter(*(name for name in ManifestEntry.__dataclass_fields__ if name != "offers"))
_OFFERED = attrgetter(*Offer.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """A batch of pages, taken apart."""

    familiar: tuple[tuple[int, str], ...]  # the page's place in the batch, and the record
    others: Sequence[ManifestPage]  # with the cards that must be looked at; no page without any
    digests: Sequence[int]  # of those cards

    @property
    def records(self) -> int:
        """How many records are familiar."""
        return len({record for _, record in self.familiar})


# Ids and digests are sent as words of one text, which costs both sides a fraction of what arrays
# and JSON do. No id holds a blank but those of some adopters: such a record is never familiar. What
# `batch` would find of a card with an offer, a slug, a source and a state that are all as before is
# nothing: see there. A record that is not live goes on waiting for its first visit, in the queue or
# outside; one that left the queue must be looked at.
_FIND = f"""
SELECT coalesce(string_agg(CAST(c.line AS text), ' '), '') AS lines,
       coalesce(string_agg(m.property_id, ' '), '') AS records
  FROM unnest(string_to_array(:computed_ids, ' '), string_to_array(:public_ids, ' ', '-'),
              string_to_array(:sources, ' '), CAST(string_to_array(:digests, ' ') AS bigint[]))
       WITH ORDINALITY AS c (computed_id, public_id, source, digest, line)
  -- One index probe a card: a join was planned as a walk over the whole manifest, for each batch.
 CROSS JOIN LATERAL (
       SELECT * FROM property_manifest WHERE property_id = coalesce(
              (SELECT a.property_id FROM property_aliases a WHERE a.alias = c.computed_id),
              c.computed_id) OFFSET 0) m
  LEFT JOIN properties_live l ON l.property_id = m.property_id
 CROSS JOIN LATERAL (
       SELECT l.property_id IS NOT NULL AS is_live, m.operation_type AS operation,
              m.operation_type AS manifest_operation, m.listing_page_price AS amount,
              m.currency, m.price_unit AS unit, {LIVE_OFFER}) o
 WHERE m.card_digest = c.digest AND c.source = ANY (m.sources) AND strpos(m.property_id, ' ') = 0
   AND m.public_id IS NOT DISTINCT FROM c.public_id
   AND CASE WHEN NOT o.is_live
            THEN m.is_new AND m.needs_full_scrape
                 AND NOT EXISTS (SELECT 1 FROM properties_live t WHERE t.public_id = c.public_id)
                 AND NOT EXISTS (SELECT 1 FROM scrape_queue q
                                  WHERE q.property_id = m.property_id
                                    AND q.status NOT IN ('pending', 'in_progress'))
            ELSE NOT m.is_new AND l.consecutive_missing_count = 0
                 AND l.listing_status <> {LIKELY} AND l.listing_status NOT IN {REMOVED}
                 AND (c.public_id IS NULL OR l.public_id = c.public_id)
                 AND (c.public_id IS NULL OR l.source_url = m.source_url
                      OR NOT starts_with(l.source_url, '{CANONICAL_ROOT}'))
                 AND (o.operation = o.live_operation OR jsonb_array_length(m.offers) < 2)
                 AND ({PRICE_CHANGE_KIND}) IS NULL AND NOT {PRICE_IS_SETTLED} END
"""
_TOUCH = """
WITH seen AS (
    SELECT s.property_id, p.source, p.part, p.page_number
      FROM unnest(string_to_array(:records, ' '), CAST(string_to_array(:places, ' ') AS integer[]))
           AS s (property_id, place)
      JOIN unnest(CAST(:sources AS text[]), CAST(:parts AS text[]), CAST(:numbers AS integer[]))
           WITH ORDINALITY AS p (source, part, page_number, place) USING (place)
), touched AS (
    UPDATE property_manifest m
       SET last_seen_at = greatest(m.last_seen_at, :now),
           seen_in_session_id = CAST(:session_id AS uuid)
      FROM (SELECT DISTINCT property_id FROM seen ORDER BY property_id) s
     WHERE m.property_id = s.property_id
)
INSERT INTO property_sightings (session_id, source, part, page_number, property_id, seen_at)
SELECT CAST(:session_id AS uuid), source, part, page_number, property_id, CAST(:now AS timestamptz)
  FROM seen
ON CONFLICT DO NOTHING
"""


class FamiliarRepository(Repository):
    """SQL of what is only seen."""

    async def find(self, pages: Sequence[ManifestPage]) -> Sorted:
        """Takes the familiar cards out of a batch; writes and locks nothing."""
        cards = [(place, card) for place, page in enumerate(pages) for card in page.page.entries]
        digests = [digest_of(card) for _, card in cards]
        answer = await self._run(
            _FIND,
            computed_ids=_words(card.property_id for _, card in cards),
            public_ids=_words(card.public_id or "-" for _, card in cards),
            sources=_words(pages[place].source for place, _ in cards),
            digests=_words(digests),
        )
        lines, records = (words.split(" ") if words else [] for words in answer.one())
        found = {int(line) - 1: record for line, record in zip(lines, records, strict=True)}
        # What one card of a batch changes, the next one of the same listing does not confirm.
        moving = {
            name
            for line, (_, card) in enumerate(cards)
            if line not in found
            for name in (card.property_id, card.public_id)
        }
        kept = {
            line: record
            for line, record in found.items()
            if moving.isdisjoint((cards[line][1].property_id, cards[line][1].public_id or ""))
        }
        return Sorted(
            familiar=tuple((cards[line][0], record) for line, record in kept.items()),
            others=list(_without(pages, kept)),
            digests=[each for line, each in enumerate(digests) if line not in kept],
        )

    async def touch(
        self, found: Sorted, pages: Sequence[ManifestPage], *, session_id: UUID, now: datetime
    ) -> None:
        """Writes down that the familiar cards of these pages were seen."""
        if not found.familiar:
            return
        await self._run(
            _TOUCH,
            records=_words(record for _, record in found.familiar),
            places=_words(place + 1 for place, _ in found.familiar),
            sources=[page.source for page in pages],
            parts=[page.partition for page in pages],
            numbers=[page.page_number for page in pages],
            session_id=session_id,
            now=now,
        )


def digest_of(card: ManifestEntry) -> int:
    """64 bits of all that a card says; only compared with that of the same record's last card."""
    said = repr((_SAID(card), *map(_OFFERED, card.offers)))
    return int.from_bytes(blake2b(said.encode(), digest_size=8).digest(), signed=True)


def _words(values: Iterable[Any]) -> str:
    return " ".join(map(str, values))


def _without(pages: Sequence[ManifestPage], lines: Collection[int]) -> Iterator[ManifestPage]:
    """The pages with their other cards, numbered over all pages."""
    first = 0
    for page in pages:
        cards = page.page.entries
        left = tuple(card for line, card in enumerate(cards, first) if line not in lines)
        first += len(cards)
        if left:
            yield replace(page, page=replace(page.page, entries=left))
