"""`pincali-sync explain PROPERTY`: what it is, why it is queued, why it was removed."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import JsonOption, field_of, print_json, print_table
from pincali_sync.services.insights_service import Dossier

_TABLES = (  # each of a part of the dossier: headings, and the fields below them
    ("Other forms of its id", "aliases",
     {"alias": "alias", "url": "source_url", "since": "created_at"}),
    ("Queue", "queue",
     {"reason": "queue_reason", "priority": "priority", "status": "status", "queued": "queued_at",
      "ended": "completed_at", "attempts": "attempt_count", "last error": "last_error"}),
    ("What its page answered", "checks",
     {"checked": "checked_at", "verdict": "verdict", "status": "http_status",
      "evidence": "evidence", "acted on": "applied_at"}),
    ("The scan that missed it last", "certificates",
     {"source": "source", "certified": "certified", "read": "pages_read", "lost": "pages_lost",
      "found": "distinct_properties", "declared": "total_at_end", "reasons": "reasons"}),
    ("In the sitemap", "sitemap",
     {"url": "source_url", "first": "first_listed_at", "last": "listed_at",
      "dropped since": "is_dropped"}),
    ("Unusual prices", "reviews",
     {"since": "created_at", "was": "old_price", "is": "new_price", "status": "status",
      "by": "settled_by"}),
    ("Journal", "changes",
     {"when": "created_at", "change": "change_type", "field": "field_name", "was": "old_value",
      "is": "new_value", "why": "change_reason"}),
    ("Pages that showed it", "sightings",
     {"when": "seen_at", "source": "source", "part": "part", "page": "page_number",
      "session": "session_id"}),
)  # fmt: skip


def explain(
    record: Annotated[
        str, typer.Argument(metavar="PROPERTY", help="property_id, alias, EB id or URL.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Show everything that is known of one record, and on which evidence."""
    dossier = ask(lambda services: services.insights.explain(record))
    if as_json:
        print_json(dossier)
        return
    typer.echo(_summary(dossier))
    for title, row in (("Live row", dossier.live), ("Card, as it was seen last", dossier.manifest)):
        if row is not None:
            print_table(title, ("column", "value"), [[k, _short(v)] for k, v in row.items()])
    for title, part, columns in _TABLES:
        if records := getattr(dossier, part):
            rows = [[_short(field_of(each, name)) for name in columns.values()] for each in records]
            print_table(title, tuple(columns), rows)


def _summary(dossier: Dossier) -> str:
    """One line that answers the usual question."""
    live, manifest = dossier.live, dossier.manifest
    if live is None:
        seen = manifest["last_seen_at"] if manifest else None
        return f"{dossier.property_id}: not live yet, seen on a listing page last at {seen}"
    missing = live["consecutive_missing_count"]
    words = [f"{dossier.property_id} ({live['public_id'] or 'no EB id'}): {live['listing_status']}"]
    if missing:
        words.append(f"missing in {missing} certified scans in a row")
    if dossier.checks:
        words.append(f"its page: {dossier.checks[0].verdict}, {dossier.checks[0].evidence}")
    waiting = [row for row in dossier.queue if row.status in {"pending", "in_progress"}]
    words += [f"queued as {row.queue_reason} (priority {row.priority})" for row in waiting]
    return "; ".join(words)


def _short(value: Any, length: int = 60) -> Any:
    if isinstance(value, str | list | dict):
        text = str(value)
        return text if len(text) <= length else f"{text[: length - 1]}…"
    return value
