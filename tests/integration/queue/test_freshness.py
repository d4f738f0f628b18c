"""The crawl value in SQL is the one in Python, and the hot statements do not loop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.repositories.queue import freshness as sql
from pincali_sync.db.repositories.queue.refresh_fill import CHOOSE_SAMPLE, CHOOSE_STALE
from pincali_sync.db.repositories.removal.counting import FIND_ABSENT
from pincali_sync.db.repositories.scan import manifest
from pincali_sync.domain.freshness import Lessons, change_rate, crawl_value, scrape_priority
from tests.support.clock import FixedClock

FILL = """
INSERT INTO properties_live (property_id, title, source_url, last_full_scrape_at, visits)
SELECT 'pincali_' || n, 'House', 'https://www.pincali.com/en/home/house-' || n,
       CAST(:now AS timestamptz) - n % 60 * interval '1 day', 1
  FROM generate_series(1, 5000) AS n
"""
FILL_MANIFEST = """
INSERT INTO property_manifest (property_id, source_url, last_seen_at, is_new, sources)
SELECT 'pincali_' || n, 'https://www.pincali.com/en/home/house-' || n,
       CAST(:now AS timestamptz) - n % 2 * interval '7 days', n % 100 = 0, '{sale}'
  FROM generate_series(1, 5000) AS n
"""

# Pages that were fetched; every tenth failed since, three weeks ago, and may be tried again.
FILL_QUEUE = """
INSERT INTO scrape_queue
       (property_id, source_url, priority, status, attempt_count, queued_at, completed_at)
SELECT 'pincali_' || n, 'https://www.pincali.com/en/home/house-' || n, 4, status, 1, at, at
  FROM generate_series(1, 5000) AS n
 CROSS JOIN LATERAL (
       VALUES ('completed', CAST(:now AS timestamptz) - interval '70 days'),
              (CASE n % 10 WHEN 0 THEN 'failed' ELSE 'completed' END,
               CAST(:now AS timestamptz) - interval '21 days')) AS was (status, at)
"""


@pytest.mark.parametrize("revisits", [0, 1, 9, 200])
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("days", [0.0, 12.5, 900.0])
async def test_sql_and_python_agree_on_rate_value_and_priority(
    connection: AsyncConnection, revisits: int, share: float, days: float
) -> None:
    news = round(share * revisits)
    rate = sql.change_rate(str(revisits), str(news), str(days))
    value = sql.crawl_value(rate, f"(-{rate} * 33.0::float8)")
    row = (
        await connection.execute(
            text(
                f"SELECT {rate} AS rate, {value} AS value, {sql.scrape_priority(rate)} AS priority"
            )
        )
    ).one()
    expected = change_rate(revisits=revisits, with_news=news, observed_days=days)
    assert row.rate == pytest.approx(expected)
    assert row.value == pytest.approx(crawl_value(expected, 33.0))
    assert row.priority == scrape_priority(expected)


@pytest.mark.parametrize("recall", [0.0, 0.01, 0.6, 1.0])
@pytest.mark.parametrize("doubt", [0.0, -0.3, -6.0])
@pytest.mark.parametrize("age", [0.0, 20.0, 9_000.0])
async def test_sql_and_python_agree_on_the_value_of_what_cards_told(
    connection: AsyncConnection, recall: float, doubt: float, age: float
) -> None:
    named = {"doubt": doubt, "recall": recall, "age": age, "rate": 0.2}
    rate, share = "CAST(:rate AS float8)", "CAST(:recall AS float8)"
    log_fresh = f"(CAST(:doubt AS float8) - (1 - {share}) * {rate} * CAST(:age AS float8))"
    value = await connection.scalar(
        text(f"SELECT {sql.crawl_value(rate, log_fresh, share)}"), named
    )
    assert value == pytest.approx(crawl_value(0.2, age, doubt=doubt, recall=recall), abs=1e-9)


HOT: dict[str, tuple[str, dict[str, Any]]] = {
    "price changes": (manifest.DETECT_PRICE_CHANGES, {}),
    "missing count": (FIND_ABSENT, {"began": None}),
    "stale selection": (
        CHOOSE_STALE,
        {
            "now": None,
            "stale_before": None,
            "told_before": None,
            "recall": 0.3,
            "doubts": list(Lessons().doubts),
            "max_age_days": 45.0,
            "fitting": 100,
            "wanted": 100,
        },
    ),
}


def node_types(plan: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Every node of a plan with the index it reads."""
    below = [node for child in plan.get("Plans", []) for node in node_types(child)]
    return [(plan["Node Type"], plan.get("Index Name")), *below]


@pytest.mark.parametrize("name", list(HOT))
async def test_a_hot_statement_joins_its_tables_once(
    connection: AsyncConnection, clock: FixedClock, name: str
) -> None:
    statement, parameters = HOT[name]
    for fill in (FILL, FILL_MANIFEST):
        await connection.execute(text(fill), {"now": clock.now()})
    await connection.execute(text("ANALYZE properties_live"))
    await connection.execute(text("ANALYZE property_manifest"))
    given = {key: clock.now() if each is None and key != "run_id" else each
             for key, each in parameters.items()}  # fmt: skip
    if ":session_id" in statement:
        given["session_id"] = uuid4()
    plan = (
        await connection.execute(text(f"EXPLAIN (FORMAT JSON) {statement}"), given)
    ).scalar_one()
    nodes = node_types(plan[0]["Plan"])
    kinds = [kind for kind, _ in nodes]
    # Each table once, and the small queue twice.
    assert kinds.count("Seq Scan") <= 4, kinds
    if name == "stale selection":  # of the manifest only what cards told is read
        assert "idx_manifest_signals" in {index for _, index in nodes}
    assert any(kind.startswith("Hash") or kind == "Merge Join" for kind in kinds), kinds


def compared(plan: dict[str, Any]) -> int:
    """Pairs of rows that joins held side by side and found not to belong together."""
    here = plan.get("Rows Removed by Join Filter", 0) * plan["Actual Loops"]
    return int(here) + sum(compared(child) for child in plan.get("Plans", []))


@pytest.mark.parametrize("statement", [CHOOSE_STALE, CHOOSE_SAMPLE], ids=["stale", "sample"])
async def test_pages_that_failed_are_not_compared_with_each_record_that_is_chosen(
    connection: AsyncConnection, clock: FixedClock, statement: str
) -> None:
    now = clock.now()
    for fill in (FILL, FILL_MANIFEST, FILL_QUEUE):
        await connection.execute(text(fill), {"now": now})
    await connection.execute(text("ANALYZE properties_live, property_manifest, scrape_queue"))
    # As where there is much to choose from: only loops give the first rows before the last.
    for other in ("enable_hashjoin", "enable_mergejoin"):
        await connection.execute(text(f"SET LOCAL {other} = off"))
    given = HOT["stale selection"][1] | {
        "now": now,
        "stale_before": now - timedelta(days=30),
        "told_before": now - timedelta(days=7),
        "fitting": 100,
        "wanted": 100,
        "seed": "2026-03",
        "drawn_since": now,
    }
    plan = (
        await connection.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"), given)
    ).scalar_one()[0]["Plan"]
    assert plan["Actual Rows"] == 100
    assert compared(plan) < 100
