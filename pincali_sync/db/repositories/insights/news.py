"""What changed lately, as people ask for it: from the journal, with each listing's title and price.

The journal is read along the index of each kind of entry, the latest first, and never further than
is shown or counted: a day on which everything is new costs no more than others. It says itself in
which city a listing was, since to look at tens of thousands of wide rows would take a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pincali_sync.db.base import words
from pincali_sync.db.repositories.base import Repository
from pincali_sync.domain.listing_status import ChangeType
from pincali_sync.domain.news import NewsKind, Span

COUNTED = 50_000  # entries of an index, the latest; what is before them is not counted
NO_ID = UUID(int=0)  # comes before every other

# The entries of each index, which of them count, and what they are. A price that a person put back
# has a reason and is no news; nor is one in other terms: nothing says which is more.
_ENTRIES = (
    (
        "change_type IN ('created', 'reactivated')",
        "true",
        f"CASE c.change_type WHEN 'created' THEN '{NewsKind.NEW}' ELSE '{NewsKind.BACK}' END",
    ),
    (f"change_type = '{ChangeType.REMOVED}'", "true", f"'{NewsKind.GONE}'"),
    (
        "field_name = 'price'",
        """c.change_reason IS NULL
           AND jsonb_typeof(c.old_value) = 'number' AND jsonb_typeof(c.new_value) = 'number'
           AND NOT EXISTS (SELECT FROM property_changes t
                            WHERE t.property_id = c.property_id AND t.created_at = c.created_at
                              AND t.field_name IN ('currency', 'price_unit', 'operation_type'))""",
        f"CASE WHEN c.new_value > c.old_value THEN '{NewsKind.UP}' ELSE '{NewsKind.DOWN}' END",
    ),
)
# The inner ones are read in their order, so that no more of them are looked at than are wanted.
# What is no part of the feed is no news.
_FOUND = """(
    SELECT {kind} AS kind, c.id, c.property_id, c.created_at, c.city, c.old_value, c.new_value
      FROM (SELECT * FROM property_changes
             WHERE {entries} AND created_at >= :since AND (created_at, id) < (:until, :before)
             ORDER BY created_at DESC, id DESC) AS c
     WHERE {counts} AND {kind} IN {kinds} AND c.feed_position IS DISTINCT FROM 0 {place}
     LIMIT :most)"""
_IN_CITY = "AND lower(c.city) = lower(:city)"
_TALLIES = """
SELECT c.kind, {city} AS city, {sums} FROM ({found}) AS c GROUP BY 1, 2
"""
# The currency of that time is what the first change since then found.
_LATEST = f"""
SELECT c.kind, c.id, c.created_at, c.property_id, l.title, coalesce(c.city, l.city) AS city,
       l.source_url, l.operation_type, l.price_unit,
       CASE WHEN is_priced THEN CAST(c.old_value #>> '{{{{}}}}' AS numeric) END AS old_price,
       CASE WHEN is_priced THEN CAST(c.new_value #>> '{{{{}}}}' AS numeric)
            ELSE l.price END AS price,
       coalesce((SELECT t.old_value #>> '{{{{}}}}' FROM property_changes t
                  WHERE is_priced AND t.property_id = c.property_id
                    AND t.created_at > c.created_at AND t.field_name = 'currency'
                  ORDER BY t.created_at LIMIT 1), l.currency) AS currency
  FROM (SELECT found.*, kind IN ('{NewsKind.UP}', '{NewsKind.DOWN}') AS is_priced
          FROM ({{found}}) AS found ORDER BY created_at DESC, id DESC LIMIT :most) AS c
  LEFT JOIN properties_live l ON l.property_id = c.property_id
 ORDER BY c.created_at DESC, c.id DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsEntry:
    """One thing that happened to one listing."""

    kind: str
    id: UUID
    created_at: datetime
    property_id: str
    title: str | None
    city: str | None
    source_url: str | None
    operation_type: str | None
    old_price: Decimal | None  # of what went up or down
    price: Decimal | None  # what it became; of others, the one that is live
    currency: str | None
    price_unit: str | None  # total, m2

    @property
    def change(self) -> Decimal | None:
        """What was added to the price, as a share of the old one; None for what has no old one."""
        if not self.old_price or self.price is None:
            return None
        return self.price / self.old_price - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much of one kind happened in one city, or everywhere."""

    kind: NewsKind
    city: str | None
    counts: tuple[int, ...]  # in each of the spans asked for


class NewsRepository(Repository):
    """Reads the journal; counting stops at `COUNTED`."""

    async def tallies(self, spans: Sequence[Span], *, by_city: bool) -> list[Tally]:
        """What happened in each span, in one walk through what is around them."""
        within = "count(*) FILTER (WHERE c.created_at >= :since_{0} AND c.created_at < :until_{0})"
        sums = ", ".join(f"{within.format(place)} AS of_{place}" for place in range(len(spans)))
        given = {f"since_{place}": each.since for place, each in enumerate(spans)}
        given |= {f"until_{place}": each.until for place, each in enumerate(spans)}
        city = "c.city" if by_city else "NULL"
        found = await self._run(
            _TALLIES.format(city=city, sums=sums, found=_found(tuple(NewsKind), None)),
            **_asked(_around(spans), None, COUNTED),
            **given,
        )
        rows: Sequence[Any] = found.all()
        return [Tally(kind=NewsKind(row[0]), city=row[1], counts=tuple(row[2:])) for row in rows]

    async def latest(
        self,
        span: Span,
        *,
        kinds: Sequence[NewsKind] = tuple(NewsKind),
        city: str | None = None,
        before: UUID = NO_ID,
        limit: int,
    ) -> list[NewsEntry]:
        """Entries, the latest first.

        Args:
            before: of those at `span.until` the ones with a smaller id belong to it.
        """
        statement = _LATEST.format(found=_found(kinds, city))
        asked = _asked(span, city, limit) | {"before": before}
        return await self._all(NewsEntry, statement, **asked)


def _found(kinds: Sequence[NewsKind], city: str | None) -> str:
    """The entries of these kinds, along one index after the other."""
    place = "" if city is None else _IN_CITY
    return " UNION ALL ".join(
        _FOUND.format(entries=entries, counts=counts, kind=kind, kinds=words(kinds), place=place)
        for entries, counts, kind in _ENTRIES
        if any(f"'{each}'" in kind for each in kinds)
    )


def _asked(span: Span, city: str | None, most: int) -> dict[str, object]:
    asked = {"since": span.since, "until": span.until, "before": NO_ID, "most": most}
    return asked if city is None else {**asked, "city": city}


def _around(spans: Sequence[Span]) -> Span:
    return Span(since=min(each.since for each in spans), until=max(each.until for each in spans))
