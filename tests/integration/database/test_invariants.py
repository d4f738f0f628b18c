"""What the program relies on is refused by the database itself, whoever writes."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from sqlalchemy import CheckConstraint
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.models import metadata

ID = "'7f3b5a52-0000-4000-8000-000000000001'"


def add(table: str, **values: Any) -> str:
    """A row, of values as SQL writes them."""
    written = ", ".join(str(each) for each in values.values())
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({written})"


NOW, A, X = "now()", "'a'", "'x'"
session = partial(add, "scraping_sessions", base_url=X)
run = partial(add, "sync_runs", tier_level=1)
job = partial(add, "sync_run_jobs", id=ID, spider="'detail'")
queued = partial(add, "scrape_queue", property_id=A, source_url=X, priority=1)
live = partial(add, "properties_live", property_id=A, title=A, source_url=X)
seen = partial(add, "property_manifest", property_id=A, source_url=X)
page = partial(
    add,
    "manifest_pages",
    **{"session_id": ID, "source": X, "url": X, "status": "'read'", "fetched_at": NOW},
)
walk = partial(
    add,
    "manifest_walks",
    **{"session_id": ID, "source": X, "parts": 1, "pages_wanted": 1, "finished_at": NOW},
)
certificate = partial(
    add,
    "scan_certificates",
    **{"session_id": ID, "source": X, "certified": True, "proves_absence": True, "pages_read": 1},
    **{"pages_lost": 0, "distinct_properties": 0, "started_at": NOW, "issued_at": NOW},
)
listed = partial(add, "sitemap_passes", session_id=ID, started_at=NOW)
batch = partial(add, "removal_batches", session_id=ID)
review = partial(
    add,
    "price_reviews",
    **{"property_id": A, "operation": "'sale'", "currency": "'MXN'", "price_unit": "'total'"},
    **{"old_price": 1, "new_price": 1, "old_values": "'{}'"},
)
pair = partial(
    add,
    "identity_candidates",
    **{"property_id": A, "metres": 1, "title_similarity": 1, "price_ratio": 1},
)
pace = partial(add, "site_pace", host=X, next_free_at=NOW)
LEASED = {"claimed_at": NOW, "worker_id": X, "lease_token": ID, "lease_expires_at": NOW}
HELD = f"""
WITH other AS (INSERT INTO scraping_sessions (base_url) VALUES ('y') RETURNING id)
INSERT INTO removal_batches (session_id, status)
SELECT id, 'held' FROM other UNION ALL SELECT CAST({ID} AS uuid), 'held'"""

# By constraint or unique index, what it refuses.
REFUSED = {
    "scraping_sessions_status": [session(status="'open'")],
    "scraping_sessions_counts": [session(total_pages=-1)],
    "sync_runs_ended": [run(status="'completed'"), run(completed_at=NOW)],
    "sync_runs_counts": [run(error_count=-1)],
    "sync_runs_tier_level": [add("sync_runs", tier_level=5)],
    "sync_run_jobs_ended": [job(status="'lost'"), job(finished_at=NOW)],
    "sync_run_jobs_begun": [job(status="'running'")],
    "sync_run_jobs_attempt": [job(attempt=0)],
    "scrape_queue_lease": [
        queued(status="'in_progress'"),
        queued(**LEASED),
        queued(status="NULL", **LEASED),
        queued(status="'completed'", completed_at=NOW, **LEASED),
        *(queued(status="'in_progress'", **{**LEASED, each: "NULL"}) for each in LEASED),
    ],
    "scrape_queue_ended": [queued(status="'failed'"), queued(completed_at=NOW)],
    "scrape_queue_attempt_count": [queued(attempt_count=-1)],
    "scrape_queue_lost_attempts": [queued(lost_attempts=-1)],
    "scrape_queue_priority": [
        add("scrape_queue", property_id=A, source_url=X, priority=each) for each in (0, 6)
    ],
    "queue_outside_priority": [
        add("queue_outside", property_id=A, priority=6, first_seen_at=NOW),
    ],
    "properties_live_missing": [live(consecutive_missing_count=each) for each in (-1, 3)],
    "properties_live_older_status": [
        live(status="'removed'"),
        live(listing_status="'sold'", status="'active'"),
    ],
    "properties_live_price": [
        live(price=-1),
        live(price="'NaN'"),
        live(price_per_m2=-1),
        live(price_per_m2="'NaN'"),
    ],
    "properties_live_currency": [live(currency="'mxn'")],
    "properties_live_offers": [live(offers="'{}'")],
    "properties_live_visits": [live(visits=-1), live(visits_with_news=1), live(observed_days=-1)],
    "properties_live_scrape_priority": [live(scrape_priority=0)],
    "property_manifest_price": [
        seen(listing_page_price=-1),
        seen(listing_page_price="'NaN'"),
    ],
    "property_manifest_currency": [seen(currency="'pesos'")],
    "property_manifest_price_unit": [seen(price_unit="'ft2'")],
    "property_manifest_offers": [seen(offers="'{}'")],
    "manifest_pages_counts": [page(page_number=0), page(page_number=1, entries=-1)],
    "manifest_walks_counts": [walk(unpriced_wanted=-1)],
    "manifest_walks_lists": [walk(gaps="'{}'"), walk(holes="'{}'")],
    "scan_certificates_proves_absence": [certificate(certified=False)],
    "scan_certificates_counts": [certificate(pages_lost=-1)],
    "scan_certificates_lists": [certificate(reasons="'{}'"), certificate(holes="'{}'")],
    "sitemap_passes_is_complete": [listed(is_complete=True)],
    "sitemap_passes_counts": [listed(urls=-1)],
    "removal_batches_counts": [batch(removed=-1)],
    "removal_batches_decided": [batch(status="'applied'")],
    "removal_audits_checked": [
        add(
            "removal_audits",
            **{"week": NOW, "property_id": A, "removed_at": NOW, "drawn_at": NOW},
            verdict="'gone'",
        )
    ],
    "price_reviews_settled": [review(status="'accepted'"), review(settled_at=NOW)],
    "price_reviews_prices": [review(new_price=-1)],
    "price_reviews_currency": [review(currency="'pesos'")],
    "price_reviews_price_unit": [review(price_unit="'ft2'")],
    "identity_candidates_settled": [pair(earlier_property_id=X, status="'rejected'")],
    "identity_candidates_pair": [pair(earlier_property_id=A)],
    "site_pace_strikes": [pace(strikes=-1)],
    "site_pace_page_cap": [pace(page_cap=0)],
    "sync_pauses_scope": [
        add("sync_pauses", scope="'tier:5'", reason=X, paused_by=X, paused_at=NOW)
    ],
    "refresh_targets_counts": [
        add(
            "refresh_targets",
            **{"month": NOW, "stale_target": -1, "sample_target": 0},
            **{"stale_before": NOW, "set_at": NOW},
        )
    ],
    "refresh_returns_counts": [add("refresh_returns", stale=0, sample=-1)],
    "signal_lessons_news": [add("signal_lessons", month=NOW, signals=1, news=1)],
    "retired_totals_value": [add("retired_totals", series=X, value=-1)],
    # One of each at most.
    "uq_live_public_id": [
        live(public_id=X) + "; " + live(public_id=X).replace(A, "'b'"),
    ],
    "uq_queue_open": [f"{queued()}; {queued()}"],
    "uq_sync_runs_open": [f"{run()}; {run()}"],
    "uq_removal_batches_held": [HELD],
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_breaks_an_invariant_is_refused(connection: AsyncConnection, name: str) -> None:
    await connection.exec_driver_sql(session(id=ID))
    for statement in REFUSED[name]:
        with pytest.raises(IntegrityError) as refusal:
            async with connection.begin_nested():
                await connection.exec_driver_sql(statement)
        driver: Any = refusal.value.orig
        assert driver.diag.constraint_name in {name, f"{name}_check"}, statement


def test_every_check_but_vocabularies_is_tried() -> None:
    checks = {
        str(each.name).removesuffix("_check")
        for table in metadata.tables.values()
        for each in table.constraints
        if isinstance(each, CheckConstraint) and not re.match(r"\w+ IN ", str(each.sqltext))
    }
    assert checks - REFUSED.keys() == set()
