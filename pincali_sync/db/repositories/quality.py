"""How complete, fresh and plausible the live table is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.repositories.status_sql import PRESENT

# What a complete record shows; optional extras (videos, floor) say nothing about quality.
EXPECTED_COLUMNS = (
    "description",
    "property_type",
    "operation_type",
    "neighborhood",
    "city",
    "state",
    "latitude",
    "price",
    "bedrooms",
    "total_area_m2",
    "main_image_url",
    "agent_name",
    "agency_name",
    "listing_date",
    "public_id",
)

_SUMMARY = f"""
SELECT count(*) AS listings,
       {", ".join(f"count({column}) AS has_{column}" for column in EXPECTED_COLUMNS)},
       count(*) FILTER (WHERE last_full_scrape_at >= CAST(:now AS timestamptz) - interval '7 days')
           AS scraped_in_7_days,
       count(*) FILTER (WHERE last_full_scrape_at >= CAST(:now AS timestamptz) - interval '14 days')
           AS scraped_in_14_days,
       count(*) FILTER (WHERE last_full_scrape_at >= CAST(:now AS timestamptz) - interval '30 days')
           AS scraped_in_30_days,
       count(*) FILTER (WHERE coalesce(last_full_scrape_at, '-infinity')
                              < CAST(:now AS timestamptz) - interval '60 days')
           AS older_than_60_days,
       count(*) FILTER (WHERE verification_status = 'flagged') AS flagged,
       count(*) FILTER (WHERE listing_status = 'likely_removed') AS likely_removed,
       round(avg(data_completeness_score), 3)::float8 AS average_completeness
  FROM properties_live WHERE listing_status IN {PRESENT}
"""
_DUPLICATES = f"""
SELECT count(*) FROM (
    SELECT public_id FROM properties_live
     WHERE public_id IS NOT NULL AND listing_status IN {PRESENT}
     GROUP BY public_id HAVING count(*) > 1) doubled
"""
_SAMPLE = """
SELECT count(*) AS visited, count(*) FILTER (WHERE status = 'cancelled') AS gone,
       count(*) FILTER (WHERE status = 'failed') AS failed
  FROM scrape_queue
 WHERE queue_reason = 'random_sample' AND completed_at >= :since
"""


class QualityRepository:
    """Reads; writes nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def summary(self, *, now: datetime, since: datetime) -> dict[str, Any]:
        """Counts over all listings that are there, and over the samples visited since."""
        row = (await self._run(_SUMMARY, now=now)).mappings().one()
        listings = row["listings"]
        sample = (await self._run(_SAMPLE, since=since)).mappings().one()
        return {
            "listings": listings,
            "coverage": {
                column: round(row[f"has_{column}"] / listings, 4) if listings else None
                for column in EXPECTED_COLUMNS
            },
            **{
                name: row[name]
                for name in (
                    "scraped_in_7_days",
                    "scraped_in_14_days",
                    "scraped_in_30_days",
                    "older_than_60_days",
                    "flagged",
                    "likely_removed",
                    "average_completeness",
                )
            },
            "doubled_public_ids": (await self._run(_DUPLICATES)).scalar_one(),
            "sample": dict(sample),
        }

    async def _run(self, statement: str, **parameters: Any) -> Any:
        return await self._connection.execute(text(statement), parameters)
