"""`pincali-sync explain PROPERTY`: what it is, why it is queued, why it was removed."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import JsonOption, echo, field_of, print_json, print_table
from pincali_sync.services.insights_service import Dossier

# The dossier's parts: the title, and the fields that are shown, each under its own name.
_PARTS = {
    "aliases": ("Other forms of its id", "alias source_url created_at"),
    "queue": (
        "Queue",
        "queue_reason priority status queued_at completed_at attempt_count last_error",
    ),
    "checks": ("What its page answered", "checked_at verdict http_status evidence applied_at"),
    "certificates": (
        "The scan that missed it last",
        "source certified pages_read pages_lost distinct_properties total_at_end reasons",
    ),
    "sitemap": ("In the sitemap", "source_url first_listed_at listed_at is_dropped"),
    "reviews": ("Unusual prices", "created_at old_price new_price status settled_by"),
    "changes": (
        "Journal",
        "created_at change_type field_name old_value new_value change_reason",
    ),
    "sightings": ("Pages that showed it", "seen_at source part page_number session_id"),
}


def explain(
    record: Annotated[
        str, typer.Argument(metavar="PROPERTY", help="property_id, alias, EB id, URL or slug.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Show everything that is known of one record, and on which evidence."""
    dossier = ask(lambda services: services.insights.explain(record))
    if as_json:
        print_json(dossier)
        return
    echo(_summary(dossier))
    for title, row in (("Live row", dossier.live), ("Card, as it was seen last", dossier.manifest)):
        if row is not None:
            print_table(title, ("column", "value"), [[k, _short(v)] for k, v in row.items()])
    for part, (title, names) in _PARTS.items():
        if records := getattr(dossier, part):
            fields = names.split()
            rows = [[_short(field_of(each, name)) for name in fields] for each in records]
            print_table(title, [name.replace("_", " ") for name in fields], rows)


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
