"""What is old, which of it is worth a fetch, and what the month wants visited.

Changes are seen only at visits, however many there were in between, so a record's rate of change
is a censored estimate: the bias-corrected estimator of Cho & Garcia-Molina ("Estimating frequency
of change", 2003), with a prior of a few visits to the average record, so that one lucky visit
proves nothing. What a visit is worth is the marginal gain in freshness of Azar et al. ("Tractable
near-optimal policies for crawling", PNAS 2018). To visit first what most likely changed is a trap:
it chases records that change faster than they can be followed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.transition import PRESENT

# The average record, as seen by so many visits of a month each.
PRIOR_VISITS = 2.0
PRIOR_NEWS = 0.3
PRIOR_DAYS = 60.0

# A visit's value in days of freshness, after the horizon of the monthly refresh.
PRIORITY_HORIZON_DAYS = 30.0
PRIORITY_FLOORS = (8.0, 5.0, 3.0, 1.5)  # of priorities 1 to 4; below the last it is 5


def change_rate(revisits: str, news: str, days: str) -> str:
    """An expression for the estimated changes a day.

    r = -ln((n - x + 1/2) / (n + 1/2)) * n / T, with n visits after the first, x of them with
    news, over T days in all (Cho & Garcia-Molina, section 4.2), prior included.
    """
    # Floats: PostgreSQL takes decimal literals for numeric, whose logarithms cost a hundredfold.
    n = f"({revisits} + {PRIOR_VISITS}::float8)"
    x = f"({news} + {PRIOR_NEWS}::float8)"
    half = "0.5::float8"
    return f"(-ln(({n} - {x} + {half}) / ({n} + {half})) * {n} / ({days} + {PRIOR_DAYS}::float8))"


def crawl_value(rate: str, age_days: str) -> str:
    """An expression for the days of freshness that a visit gains: (1 - (1 + r·t)·e^(-r·t)) / r."""
    return f"((1 - (1 + {rate} * {age_days}) * exp(-{rate} * {age_days})) / {rate})"


def scrape_priority(rate: str) -> str:
    """An expression for what the next visit is worth, from 1 (most) to 5."""
    value = crawl_value(rate, f"{PRIORITY_HORIZON_DAYS}::float8")
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


_TARGET = ", ".join(each.name for each in fields(RefreshTarget))


class FreshnessRepository(Repository):
    """SQL of ages and targets."""

    async def stale(self, *, stale_before: datetime) -> int:
        """How many listings that are there were not visited since."""
        return await self._number(
            f"""SELECT count(*) FROM properties_live
                 WHERE listing_status IN {PRESENT}
                   AND coalesce(last_full_scrape_at, '-infinity') < :stale_before""",
            stale_before=stale_before,
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

    async def count_queued(self, queued: Wanted) -> None:
        """Adds to what was queued for the latest target."""
        await self._run(
            """UPDATE refresh_targets
                  SET stale_queued = stale_queued + :stale, sample_queued = sample_queued + :sample
                WHERE month = (SELECT max(month) FROM refresh_targets)""",
            **asdict(queued),
        )
