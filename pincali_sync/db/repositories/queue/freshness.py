"""What is old, which of it is worth a fetch, and what the month wants visited.

The formulas of `domain.freshness` as expressions, and what the sample taught of cards' signals.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.transition import LISTED, PRESENT
from pincali_sync.domain.freshness import (
    LEAST_RECALL,
    PRIOR_DAYS,
    PRIOR_NEWS,
    PRIOR_VISITS,
    PRIORITY_FLOORS,
    PRIORITY_HORIZON_DAYS,
    CardSignal,
    Lessons,
    SampledVisits,
    learn,
)


def change_rate(revisits: str, news: str, days: str) -> str:
    """An expression for the estimated changes a day."""
    # Floats: PostgreSQL takes decimal literals for numeric, whose logarithms cost a hundredfold.
    n = f"({revisits} + {PRIOR_VISITS}::float8)"
    x = f"({news} + {PRIOR_NEWS}::float8)"
    half = "0.5::float8"
    return f"(-ln(({n} - {x} + {half}) / ({n} + {half})) * {n} / ({days} + {PRIOR_DAYS}::float8))"


def crawl_value(rate: str, log_fresh: str, recall: str | None = None) -> str:
    """An expression for the days of freshness that a visit gains.

    Args:
        log_fresh: an expression for the logarithm of the chance that the record is still fresh.
        recall: an expression for the share of changes that cards tell of; None: they tell nothing.
    """
    fresh = f"greatest({log_fresh}, -600)"  # old rows are no underflow
    untold = f"1 + exp({fresh}) * ({fresh} - 1)"
    if recall is None:
        return f"(({untold}) / {rate})"
    share = f"nullif({recall}, 0)"  # constants are divided beforehand, whatever the case
    later = f"coalesce(exp(greatest({log_fresh} / nullif(1 - {recall}, 0), -600)), 0)"
    return f"""(CASE WHEN {recall} < {LEAST_RECALL} THEN {untold}
                ELSE 1 - exp({fresh}) / {share} + (1 / {share} - 1) * {later} END / {rate})"""


def scrape_priority(rate: str) -> str:
    """An expression for what the next visit is worth, from 1 (most) to 5."""
    value = crawl_value(rate, f"(-{rate} * {PRIORITY_HORIZON_DAYS}::float8)")
    floors = " ".join(f"WHEN {value} >= {f} THEN {p}" for p, f in enumerate(PRIORITY_FLOORS, 1))
    return f"CASE {floors} ELSE {len(PRIORITY_FLOORS) + 1} END"


# Of a live row `l`. The first visit to a record tells nothing about how often it changes.
RATE_OF_LIVE = change_rate("greatest(l.visits - 1, 0)", "l.visits_with_news", "l.observed_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Visits that are wanted: to stale records, and to a fair sample of all."""

    stale: int = 0
    sample: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTarget:
    """How many stale records and samples a month wants visited, and how many were queued."""

    month: date
    stale_target: int
    sample_target: int
    stale_queued: int
    sample_queued: int
    set_at: datetime
    rests_until: datetime | None  # what is old was looked at lately


_TARGET = ", ".join(each.name for each in fields(RefreshTarget))
_SAMPLED = """
SELECT signals, sum(visits)::integer AS visits, sum(news)::integer AS news,
       sum(expected_news) AS expected_news
  FROM signal_lessons WHERE month >= :since GROUP BY signals
"""


def _sampled(signals: int, **counts: Any) -> SampledVisits:
    return SampledVisits(signals=CardSignal(signals), **counts)


class FreshnessRepository(Repository):
    """SQL of ages and targets."""

    async def stale(self, *, stale_before: datetime, at_most: int | None = None) -> int:
        """How many listed records were not visited since; counts no further than so many.

        Costs what is counted.
        """
        # Two conditions, for `idx_live_freshness`: of an expression over the column it knows none.
        return await self._number(
            f"""SELECT count(*) FROM (
                    SELECT 1 FROM properties_live
                     WHERE listing_status IN {LISTED}
                       AND (last_full_scrape_at < :stale_before OR last_full_scrape_at IS NULL)
                     LIMIT CAST(:at_most AS bigint)) found""",
            stale_before=stale_before,
            at_most=at_most,
        )

    async def present(self) -> int:
        """How many listings are there, or may be."""
        return await self._number(
            f"SELECT count(*) FROM properties_live WHERE listing_status IN {PRESENT}"
        )

    async def set_target(
        self,
        month: date,
        wanted: Wanted,
        *,
        run_id: UUID | None,
        stale_before: datetime,
        now: datetime,
    ) -> RefreshTarget:
        """Sets a month's target; one that is set stands."""
        return await self._one(
            RefreshTarget,
            f"""INSERT INTO refresh_targets
                       (month, run_id, stale_target, sample_target, stale_before, set_at)
                VALUES (:month, CAST(:run_id AS uuid), :stale, :sample, :stale_before, :now)
                ON CONFLICT (month) DO UPDATE SET month = excluded.month RETURNING {_TARGET}""",
            month=month,
            run_id=run_id,
            stale_before=stale_before,
            now=now,
            **asdict(wanted),
        )

    async def target(self) -> RefreshTarget | None:
        """The latest target."""
        return await self._first(
            RefreshTarget, f"SELECT {_TARGET} FROM refresh_targets ORDER BY month DESC LIMIT 1"
        )

    async def lessons(self, *, since: date) -> Lessons:
        """What the samples since a month taught of cards' signals."""
        return learn(await self._all(_sampled, _SAMPLED, since=since))

    async def count_returned(self) -> None:
        """What was moved outside the queue since is queued for the latest target no more."""
        await self._run(
            """WITH returned AS (DELETE FROM refresh_returns RETURNING stale, sample)
               UPDATE refresh_targets
                  SET stale_queued = greatest(0, stale_queued - r.stale),
                      sample_queued = greatest(0, sample_queued - r.sample)
                 FROM (SELECT sum(stale) AS stale, sum(sample) AS sample FROM returned) r
                WHERE r.stale IS NOT NULL AND month = (SELECT max(month) FROM refresh_targets)"""
        )

    async def rest(self, until: datetime) -> None:
        """For the latest target nothing is looked for until then."""
        await self._run(
            """UPDATE refresh_targets SET rests_until = :until
                WHERE month = (SELECT max(month) FROM refresh_targets)""",
            until=until,
        )

    async def count_queued(self, queued: Wanted) -> None:
        """Adds to what was queued for the latest target."""
        await self._run(
            """UPDATE refresh_targets
                  SET stale_queued = stale_queued + :stale, sample_queued = sample_queued + :sample
                WHERE month = (SELECT max(month) FROM refresh_targets)""",
            **asdict(queued),
        )
