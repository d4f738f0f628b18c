"""How complete, fresh and true the live table is: measured, and kept at each report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.live import LIVE_COLUMNS
from pincali_sync.db.repositories.listings.merged import PRICED
from pincali_sync.db.repositories.listings.scrapes import REPAIR
from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.db.repositories.queue.rest import FETCHED_SINCE
from pincali_sync.db.repositories.removal.transition import LIKELY, PRESENT
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.prices import Operation
from pincali_sync.items import COVERED_FIELDS, UNCLEAR

WITHIN_DAYS = (7, 14, 30)
_AGE_BOUNDS = (1, 7, 14, 30, 45, 60)  # days since the last visit


def _older_than(days: int) -> str:
    return f"last_full_scrape_at <= CAST(:now AS timestamptz) - interval '{days} days'"


_AGES = {
    f"0-{_AGE_BOUNDS[0]}": f"NOT {_older_than(_AGE_BOUNDS[0])}",
    **{
        f"{low}-{high}": f"{_older_than(low)} AND NOT {_older_than(high)}"
        for low, high in pairwise(_AGE_BOUNDS)
    },
    f"{_AGE_BOUNDS[-1]}+": _older_than(_AGE_BOUNDS[-1]),
    "never": "last_full_scrape_at IS NULL",
}
AGES = tuple(_AGES)  # the classes of age: "0-1", "1-7", ... "60+", and "never"
_COUNTED = {
    **{f"has_{name}": LIVE_COLUMNS[name].is_there for name in COVERED_FIELDS},
    **{f"age_{name}": condition for name, condition in _AGES.items()},
    **{f"within_{days}": f"NOT {_older_than(days)}" for days in WITHIN_DAYS},
    "flagged": "verification_status = 'flagged'",
    "likely_removed": f"listing_status = {LIKELY}",
}
_COUNTS = ", ".join(
    f'count(*) FILTER (WHERE {condition}) AS "{name}"' for name, condition in _COUNTED.items()
)
_OPERATIONS = ", ".join(f"'{each.value}'" for each in Operation)
_OVERVIEW = f"""
SELECT CASE WHEN operation_type IN ({_OPERATIONS}) THEN operation_type ELSE 'other' END
           AS operation,
       count(*) AS listings, {_COUNTS}, min(last_full_scrape_at) AS oldest,
       coalesce(sum(data_completeness_score), 0)::float8 AS completeness
  FROM properties_live WHERE listing_status IN {PRESENT}
 GROUP BY GROUPING SETS ((), (operation)) ORDER BY operation NULLS FIRST
"""
# A page that is not there ends its row as cancelled, with the answer for its error; so do rows
# that a person or a removal takes out, unvisited. Where another listing's page stands in its place,
# the row is completed, and its error says so. The journal of a visit is written by its job
# between claim and end. That what was relisted is there was known before.
_SAMPLES = f"""
WITH visits AS (
    SELECT property_id, session_id, claimed_at, completed_at,
           CASE WHEN status = 'failed' THEN 'failed'
                WHEN status = 'completed' AND last_error IS NULL THEN 'there'
                ELSE 'gone' END AS outcome
      FROM scrape_queue
     WHERE queue_reason = 'random_sample' AND completed_at >= :since AND completed_at <= :now
       AND (status IN ('completed', 'failed')
            OR (status = 'cancelled' AND attempt_count > 0 AND last_error <> '{FETCHED_SINCE}'
                AND last_error NOT LIKE '{UNCLEAR}%'))
), judged AS (
    SELECT v.outcome, coalesce(news.of_price, false) AS has_price_news,
           news.of_price IS NOT NULL AS has_news
      FROM visits v
      LEFT JOIN LATERAL (
           SELECT bool_or(c.field_name IN ({", ".join(f"'{c}'" for c in sorted(PRICED))}))
                      AS of_price
             FROM property_changes c
            WHERE v.outcome = 'there' AND c.property_id = v.property_id
              AND c.created_at BETWEEN v.claimed_at AND v.completed_at
              AND (v.session_id IS NULL OR c.session_id = v.session_id)
              AND c.change_reason IS DISTINCT FROM '{REPAIR}'
              AND (c.field_name, c.old_value)
                  IS DISTINCT FROM ('listing_status', to_jsonb('{ListingStatus.RELISTED}'::text))
           ) news ON true
)
SELECT count(*) AS visited, count(*) FILTER (WHERE outcome = 'there') AS there,
       count(*) FILTER (WHERE has_news) AS with_news,
       count(*) FILTER (WHERE has_price_news) AS with_price_news,
       count(*) FILTER (WHERE outcome = 'gone') AS gone,
       count(*) FILTER (WHERE outcome = 'failed') AS failed
  FROM judged
"""
_KEEP = """
WITH replaced AS (
    UPDATE quality_reports SET figures = CAST(:figures AS jsonb)
     WHERE run_id = CAST(:run_id AS uuid) RETURNING id, created_at
), added AS (
    INSERT INTO quality_reports (run_id, created_at, figures)
    SELECT CAST(:run_id AS uuid), :now, CAST(:figures AS jsonb)
     WHERE NOT EXISTS (SELECT FROM replaced) RETURNING id, created_at
)
SELECT kept.created_at, before.created_at AS previous_at, before.figures AS previous
  FROM (SELECT * FROM replaced UNION ALL SELECT * FROM added) kept
  LEFT JOIN LATERAL (
       SELECT created_at, figures FROM quality_reports
        WHERE created_at <= kept.created_at AND id <> kept.id
        ORDER BY created_at DESC LIMIT 1) before ON true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The figures of a report, and those of the one before it."""

    created_at: datetime
    figures: Mapping[str, Any]
    previous_at: datetime | None
    previous: Mapping[str, Any] | None


class QualityRepository(Repository):
    """Figures of the listings that are there, and the reports that they were in."""

    async def rules(self) -> list[ValidationRule]:
        """The active rules, by name."""
        statement = """SELECT rule_name, field_name, rule_type, rule_config AS config, severity
              FROM validation_rules WHERE is_active ORDER BY rule_name"""
        return await self._all(ValidationRule, statement)

    async def overview(self, *, now: datetime) -> list[dict[str, Any]]:
        """Listings, how many have each field, and their ages: of all, then of each operation."""
        return await self._all(dict, _OVERVIEW, now=now)

    async def samples(self, *, since: datetime, now: datetime) -> dict[str, int]:
        """What the visits to randomly drawn records showed."""
        return await self._one(dict, _SAMPLES, since=since, now=now)

    async def keep(
        self, figures: Mapping[str, Any], *, run_id: UUID | None, now: datetime
    ) -> QualityReport:
        """Stores a report; a run that reports again replaces its own and keeps its time."""
        kind, stored = partial(QualityReport, figures=figures), json.dumps(figures)
        return await self._one(kind, _KEEP, figures=stored, run_id=run_id, now=now)
