"""`pincali-sync explain PROPERTY`: what it is, why it is queued, why it was removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import JsonOption, print_json, print_table
from pincali_sync.services.insights_service import Dossier


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
    for title, columns, rows in _tables(dossier):
        if rows:
            print_table(title, columns, rows)


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


Table = tuple[str, tuple[str, ...], list[tuple[Any, ...]]]


def _tables(dossier: Dossier) -> list[Table]:
    return [
        ("Live row", ("column", "value"), _columns(dossier.live)),
        ("Card, as it was seen last", ("column", "value"), _columns(dossier.manifest)),
        (
            "Other forms of its id",
            ("alias", "url", "since"),
            _items(dossier.aliases, "alias", "source_url", "created_at"),
        ),
        (
            "Queue",
            ("reason", "priority", "status", "queued", "ended", "attempts", "last error"),
            _fields(dossier.queue, "queue_reason", "priority", "status", "queued_at",
                    "completed_at", "attempt_count", "last_error"),
        ),
        (
            "What its page answered",
            ("checked", "verdict", "status", "evidence", "acted on"),
            _fields(dossier.checks, "checked_at", "verdict", "http_status", "evidence",
                    "applied_at"),
        ),
        *_absence(dossier),
        (
            "Unusual prices",
            ("since", "was", "is", "status", "by"),
            _fields(dossier.reviews, "created_at", "old_price", "new_price", "status",
                    "settled_by"),
        ),
        (
            "Journal",
            ("when", "change", "field", "was", "is", "why"),
            _fields(dossier.changes, "created_at", "change_type", "field_name", "old_value",
                    "new_value", "change_reason"),
        ),
        (
            "Pages that showed it",
            ("when", "source", "part", "page", "session"),
            _fields(dossier.sightings, "seen_at", "source", "part", "page_number", "session_id"),
        ),
    ]  # fmt: skip


def _absence(dossier: Dossier) -> list[Table]:
    return [
        (
            "The scan that missed it last",
            ("source", "certified", "read", "lost", "found", "declared", "reasons"),
            _items(dossier.certificates, "source", "certified", "pages_read", "pages_lost",
                   "distinct_properties", "total_at_end", "reasons"),
        ),
        (
            "In the sitemap",
            ("url", "first", "last", "dropped since"),
            _items(dossier.sitemap, "source_url", "first_listed_at", "listed_at", "is_dropped"),
        ),
    ]  # fmt: skip


def _fields(rows: Iterable[Any], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(_short(getattr(row, name)) for name in names) for row in rows]


def _items(rows: Iterable[Mapping[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(_short(row[name]) for name in names) for row in rows]


def _columns(row: Any) -> list[tuple[Any, ...]]:
    return [] if row is None else [(name, _short(value)) for name, value in row.items()]


def _short(value: Any, length: int = 60) -> Any:
    if isinstance(value, str | list | dict):
        text = str(value)
        return text if len(text) <= length else f"{text[: length - 1]}…"
    return value
