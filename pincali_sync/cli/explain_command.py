"""`pincali-sync explain PROPERTY`: what it is, why it is queued, why it was removed."""

from __future__ import annotations

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


def _tables(dossier: Dossier) -> list[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]:
    return [
        ("Live row", ("column", "value"), _columns(dossier.live)),
        ("Card, as it was seen last", ("column", "value"), _columns(dossier.manifest)),
        (
            "Other forms of its id",
            ("alias", "url", "since"),
            [(each["alias"], each["source_url"], each["created_at"]) for each in dossier.aliases],
        ),
        (
            "Queue",
            ("reason", "priority", "status", "queued", "ended", "attempts", "last error"),
            [
                (
                    each.queue_reason,
                    each.priority,
                    each.status,
                    each.queued_at,
                    each.completed_at,
                    each.attempt_count,
                    each.last_error,
                )
                for each in dossier.queue
            ],
        ),
        (
            "What its page answered",
            ("checked", "verdict", "status", "evidence", "acted on"),
            [
                (each.checked_at, each.verdict, each.http_status, each.evidence, each.applied_at)
                for each in dossier.checks
            ],
        ),
        (
            "The scan that missed it last",
            ("source", "certified", "read", "lost", "found", "declared", "reasons"),
            [
                (
                    each["source"],
                    each["certified"],
                    each["pages_read"],
                    each["pages_lost"],
                    each["distinct_properties"],
                    each["total_at_end"],
                    "; ".join(each["reasons"]),
                )
                for each in dossier.certificates
            ],
        ),
        (
            "In the sitemap",
            ("url", "first", "last", "dropped since"),
            [
                (each["source_url"], each["first_listed_at"], each["listed_at"], each["is_dropped"])
                for each in dossier.sitemap
            ],
        ),
        (
            "Unusual prices",
            ("since", "was", "is", "status", "by"),
            [
                (each.created_at, each.old_price, each.new_price, each.status, each.settled_by)
                for each in dossier.reviews
            ],
        ),
        (
            "Journal",
            ("when", "change", "field", "was", "is", "why"),
            [
                (
                    each.created_at,
                    each.change_type,
                    each.field_name,
                    _short(each.old_value),
                    _short(each.new_value),
                    each.change_reason,
                )
                for each in dossier.changes
            ],
        ),
        (
            "Pages that showed it",
            ("when", "source", "part", "page", "session"),
            [
                (each.seen_at, each.source, each.part, each.page_number, each.session_id)
                for each in dossier.sightings
            ],
        ),
    ]


def _columns(row: Any) -> list[tuple[Any, ...]]:
    return [] if row is None else [(name, _short(value)) for name, value in row.items()]


def _short(value: Any, length: int = 60) -> Any:
    if isinstance(value, str | list | dict):
        text = str(value)
        return text if len(text) <= length else f"{text[: length - 1]}…"
    return value
