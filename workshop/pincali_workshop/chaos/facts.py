"""The end of a course as facts that two of the same seed must share.

Ids that are drawn (of rows, sessions, runs, jobs, batches) and times of this machine are left out:
they differ between any two courses. A run is known by its number, a session by its run's. Of the
rest is left out:

- attempts of pages and jobs, workers and leases: they tell of the kills;
- canaries in the queue, and rows of `scraping_errors`: an attempt more asks or fails once more;
- whether a page, the sitemap or the listing's own page showed a newcomer first, which listing page
  of which source, and whether a card's price was known when the row came: jobs run side by side, in
  undisturbed courses too. That it is there, queued and fetched, and how many of them a run and its
  session count as new and as changed, is compared;
- figures over time, incidents and quality reports: made of what is compared here, at some time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import psycopg

_TIMES = "created_at first_seen_at last_seen_at"
_LIVE_TIMES = f"""{_TIMES} updated_at last_updated_at last_manifest_seen_at last_full_scrape_at
    scraped_at observed_days search_vector missing_session_id id
    price_at_last_manifest currency_at_last_manifest unit_at_last_manifest"""
_MANIFEST_TIMES = f"{_TIMES} seen_in_session_id id"
_RUN_TIMES = """id session_id started_at completed_at slot_at updated_at window_ends_at
    execution_time_ms details"""


def _row(table: str, but: str) -> str:
    return f"to_jsonb({table}) - '{{{','.join(but.split())}}}'::text[]"


_RUN = """(SELECT id, session_id, 'run ' || row_number() OVER (ORDER BY started_at)
                  || ', tier ' || tier_level AS name FROM sync_runs) run"""

_SESSION_TIMES = "id created_at session_name started_at completed_at base_url"
# What depends on who was first.
_FIRST = "started_at ended_at new_entries changed_entries"

# Each yields two columns: of what, and what is so.
_FACTS: Mapping[str, str] = {
    "live row": f"""SELECT property_id, {_row("l", _LIVE_TIMES)}
        || jsonb_build_object('is missing', missing_session_id IS NOT NULL)
        FROM properties_live l""",
    "manifest row": f"""SELECT property_id, {_row("m", _MANIFEST_TIMES)}
        || jsonb_build_object('seen in', run.name)
        FROM property_manifest m LEFT JOIN {_RUN} ON run.session_id = m.seen_in_session_id""",
    "alias": "SELECT alias, to_jsonb(property_id || ' ' || source_url) FROM property_aliases",
    "journal": """SELECT property_id || ' ' || change_type || coalesce(' ' || field_name, ''),
        jsonb_build_array(old_value, new_value, change_reason, confidence_score,
                          feed_position IS NULL, feed_position = 0)
        FROM property_changes""",
    "queue": f"""SELECT property_id || ' ' || replace(queue_reason, 'sitemap', 'new_property'),
        jsonb_build_array(q.status, run.name)
        FROM scrape_queue q LEFT JOIN {_RUN} ON run.id = q.run_id
        WHERE queue_reason <> 'canary'""",
    "outside the queue": "SELECT property_id, to_jsonb(priority) FROM queue_outside",
    "staged page": """SELECT property_id, jsonb_build_array(change_type, processing_status)
        FROM property_scrapes_staging""",
    "page read": f"""SELECT run.name || ', ' || source || ' ' || part || ' ' || page_number,
        {_row("p", "session_id job_id fetched_at new_entries changed_entries")}
        FROM manifest_pages p JOIN {_RUN} USING (session_id)""",
    "walk": f"""SELECT run.name || ', ' || source, {_row("w", "session_id finished_at")}
        FROM manifest_walks w JOIN {_RUN} USING (session_id)""",
    "sighting": f"""SELECT run.name || ', ' || property_id,
        to_jsonb(source || ' ' || part || ' ' || page_number)
        FROM property_sightings JOIN {_RUN} USING (session_id)""",
    "sitemap": f"""SELECT run.name, {_row("s", "session_id started_at finished_at new_urls")}
        FROM sitemap_passes s JOIN {_RUN} USING (session_id)""",
    "sitemap URL": """SELECT source_url, jsonb_build_array(computed_id, shard_url)
        FROM sitemap_urls""",
    "certificate": f"""SELECT run.name || ', ' || source,
        {_row("c", "session_id started_at issued_at")}
        FROM scan_certificates c JOIN {_RUN} USING (session_id)""",
    "removals": f"""SELECT run.name,
        {_row("b", "id session_id run_id created_at decided_at")}
        FROM removal_batches b JOIN {_RUN} ON run.id = b.run_id""",
    "verdict": f"""SELECT property_id, jsonb_build_array(run.name, verdict, http_status,
        redirect_url, shown_public_id, evidence, url, applied_at IS NOT NULL)
        FROM removal_checks c LEFT JOIN {_RUN} ON run.session_id = c.missed_session_id""",
    "price review": f"""SELECT property_id, {_row("p", "id session_id created_at settled_at")}
        FROM price_reviews p""",
    "identity": f"""SELECT property_id, {_row("i", "id created_at settled_at")}
        FROM identity_candidates i""",
    "target": f"SELECT month::text, {_row('t', 'run_id stale_before set_at rests_until')}"
    " FROM refresh_targets t",
    "run": f"""SELECT run.name, {_row("r", _RUN_TIMES)}
        || ((details #- '{{removals,batch}}' #- '{{sitemap,new_urls}}')
            - '{{certificates,quality,sources}}'::text[])
        || jsonb_build_object('sources', (SELECT jsonb_agg({_row("s", _FIRST)})
            FROM jsonb_array_elements(details -> 'sources') s))
        FROM sync_runs r JOIN {_RUN} USING (id)""",
    "session of a run": f"""SELECT run.name,
        {_row("s", _SESSION_TIMES)}
        FROM scraping_sessions s JOIN {_RUN} ON run.session_id = s.id""",
    "promoted": """SELECT 'all sessions', jsonb_build_object(
        'scraped', sum(total_scraped), 'new', sum(new_properties),
        'updated', sum(updated_properties), 'unchanged', sum(unchanged_properties))
        FROM sync_metadata""",
    # Of these there are none, whoever was hit.
    "session left open": "SELECT session_name, to_jsonb(status) FROM scraping_sessions"
    " WHERE status = 'running'",
    "job left open": "SELECT spider, to_jsonb(status) FROM sync_run_jobs"
    " WHERE status IN ('scheduled', 'running')",
    "lock left": "SELECT name, to_jsonb(owner) FROM service_locks",
    "pause left": "SELECT scope, to_jsonb(reason) FROM sync_pauses",
    "page set aside": "SELECT property_id, to_jsonb(last_error) FROM scrape_queue"
    " WHERE status = 'failed'",
}
# By what they are about: of what, and what is so, as often as it is.
Facts = Mapping[str, Mapping[str, list[Any]]]


def read_facts(url: str) -> Facts:
    """All facts of a database."""
    with psycopg.connect(url) as connection:
        return {what: _read(connection, query) for what, query in _FACTS.items()}


def _read(connection: psycopg.Connection[Any], query: str) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in connection.execute(query):
        found.setdefault(name, []).append(value)
    return {name: sorted(values, key=json.dumps) for name, values in found.items()}
