"""All that is stored of a month, but for ids and times: to be compared with that of another."""

from __future__ import annotations

from typing import Any

from pincali_sync.db.engine import Database
from tests.support.builders import rows

_RUN = "(SELECT count(*) FROM sync_runs o WHERE o.started_at <= r.started_at)"
STORED = {
    "live": """SELECT property_id, source_url, public_id, price, currency, offers, listing_status,
                      status, consecutive_missing_count, price_at_last_manifest
                 FROM properties_live""",
    "manifest": """SELECT property_id, source_url, public_id, listing_page_price, is_new, sources,
                          needs_full_scrape, price_changed, card_digest
                     FROM property_manifest""",
    "aliases": "SELECT alias, property_id FROM property_aliases",
    "outside": "SELECT property_id, priority FROM queue_outside",
    "journal": """SELECT property_id, change_type, field_name, old_value, new_value, change_reason
                    FROM property_changes""",
    "queue": f"""SELECT property_id, source_url, priority, queue_reason, q.status, {_RUN} AS run
                   FROM scrape_queue q LEFT JOIN sync_runs r ON r.id = q.run_id""",
    "checks": """SELECT property_id, verdict, http_status, evidence, applied_at IS NULL AS waits,
                        b.status FROM removal_checks c
                   LEFT JOIN removal_batches b ON b.id = c.batch_id""",
    "batches": f"""SELECT {_RUN} AS run, b.status, candidates, would_remove, removal_limit, removed
                     FROM removal_batches b LEFT JOIN sync_runs r ON r.id = b.run_id""",
    "audits": "SELECT property_id, verdict FROM removal_audits",
    "runs": f"""SELECT {_RUN} AS run, tier_level, status, step, pages_scanned,
                       properties_in_manifest, new_properties_found, price_changes_detected,
                       removals_detected, properties_queued, properties_scraped, error_count,
                       error_summary, details FROM sync_runs r""",
    "sessions": f"""SELECT {_RUN} AS run, s.status, s.error_message, s.total_pages,
                           s.pages_scraped, s.properties_found, s.properties_inserted,
                           s.properties_updated
                      FROM scraping_sessions s JOIN sync_runs r ON r.session_id = s.id""",
    "open": "SELECT session_name FROM scraping_sessions WHERE status = 'running'",
    "promoted": """SELECT sum(total_scraped) AS total, sum(new_properties) AS new,
                          sum(updated_properties) AS updated FROM sync_metadata""",
    "staged": """SELECT property_id, processing_status, change_type
                   FROM property_scrapes_staging""",
    "sightings": f"""SELECT {_RUN} AS run, source, part, page_number, property_id
                       FROM property_sightings s JOIN sync_runs r USING (session_id)""",
    "pages": f"""SELECT {_RUN} AS run, source, part, page_number, p.status, entries, new_entries,
                        changed_entries
                   FROM manifest_pages p JOIN sync_runs r USING (session_id)""",
    "certificates": f"""SELECT {_RUN} AS run, source, proves_absence, reasons
                          FROM scan_certificates JOIN sync_runs r USING (session_id)""",
    "sitemap": f"""SELECT {_RUN} AS run, urls, is_complete, reasons
                     FROM sitemap_passes JOIN sync_runs r USING (session_id)""",
    "listed": "SELECT computed_id, source_url, shard_url FROM sitemap_urls",
    "reviews": "SELECT property_id, status FROM price_reviews",
    "candidates": "SELECT property_id, earlier_property_id, status FROM identity_candidates",
    "targets": "SELECT stale_target, sample_target, stale_queued FROM refresh_targets",
    "reports": "SELECT count(*) AS reports FROM quality_reports",
    "pauses": "SELECT scope FROM sync_pauses",
}
# Who is first to show a listing, the sitemap or a page read beside it, is a matter of time, too.
_LEFT_OUT = {"started_at", "ended_at", "verifies_until", "batch", "quality", "new_urls"}


async def stored(db: Database) -> dict[str, Any]:
    found = {}
    for name, query in STORED.items():
        each = [_comparable(row) for row in await rows(db, query)]
        found[name] = sorted(each, key=repr)
    return found


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _comparable(each) for name, each in value.items() if name not in _LEFT_OUT}
    return [_comparable(each) for each in value] if isinstance(value, list) else value


def differences(twin: dict[str, Any], disturbed: dict[str, Any]) -> list[str]:
    """What only one of them holds, a line each."""
    lines = []
    for name, expected in twin.items():
        found = disturbed[name]
        lines += [f"{name} lacks {each}" for each in expected if each not in found]
        lines += [f"{name} has {each}" for each in found if each not in expected]
        if len(expected) != len(found):
            lines.append(f"{name}: {len(found)} rows, not {len(expected)}")
    return lines
