"""`pincali-sync explain PROPERTY`: what it is, why it is queued, why it was removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import (
    JsonOption,
    echo,
    echo_wrapped,
    field_of,
    print_facts,
    print_json,
    print_table,
)
from pincali_sync.moments import instant
from pincali_sync.rendering.formats import money
from pincali_sync.services.insights_service import Dossier

_LATEST = 5  # of the journal, unless all is asked for
_LONGEST = 200  # of a text; what has no spaces is an id or a URL, and stays whole
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
    everything: Annotated[
        bool, typer.Option("--all", help="All that is known, and on which evidence.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what is known of one record: what it is, what it waits for, what changed last."""
    dossier = ask(lambda services: services.insights.explain(record))
    if as_json:
        print_json(dossier)
        return
    echo_wrapped(_summary(dossier))
    if everything:
        _show_all(dossier)
    else:
        _show_briefly(dossier)


def _show_briefly(dossier: Dossier) -> None:
    for line in _main_facts(dossier):
        echo(line)
    if dossier.changes:
        _show_part("changes", dossier.changes[:_LATEST])
    more = {_PARTS[part][0].lower(): len(getattr(dossier, part)) for part in _PARTS}
    told = ", ".join(f"{title} {count}" for title, count in more.items() if count)
    echo_wrapped(f"With --all: {told or 'no more than this'}.")


def _main_facts(dossier: Dossier) -> Iterator[str]:
    live, card = dossier.live, dossier.manifest
    if found := live or card:
        yield str(found.get("title") or found.get("listing_page_title") or "without a title")
        yield str(found["source_url"])
    if live is not None:
        per = " per m²" if live["price_unit"] == "m2" else ""
        price = f"{money(live['price'], live['currency'])}{per}"
        yield f"{live['operation_type'] or 'operation unknown'}, {price}"
        yield (
            f"first seen {instant(live['first_seen_at'])}, last {instant(live['last_seen_at'])}; "
            f"details of {instant(live['last_full_scrape_at'])}"
        )


def _show_all(dossier: Dossier) -> None:
    for title, row in (("Live row", dossier.live), ("Card, as it was seen last", dossier.manifest)):
        if row is not None:
            print_facts(title, {name: _short(value) for name, value in row.items()})
    for part in _PARTS:
        if records := getattr(dossier, part):
            _show_part(part, records)


def _show_part(part: str, records: Sequence[Any]) -> None:
    title, names = _PARTS[part]
    fields = names.split()
    rows = [[_short(field_of(each, name)) for name in fields] for each in records]
    print_table(title, [name.replace("_", " ") for name in fields], rows)


def _summary(dossier: Dossier) -> str:
    """One line that answers the usual question."""
    live, manifest = dossier.live, dossier.manifest
    if live is None:
        seen = instant(manifest["last_seen_at"]) if manifest else "an unknown time"
        return f"{dossier.property_id}: not live yet, seen on a listing page last on {seen}"
    missing = live["consecutive_missing_count"]
    words = [f"{dossier.property_id} ({live['public_id'] or 'no EB id'}): {live['listing_status']}"]
    if missing:
        words.append(f"missing in {missing} certified scans in a row")
    if dossier.checks:
        words.append(f"its page: {dossier.checks[0].verdict}, {dossier.checks[0].evidence}")
    waiting = [row for row in dossier.queue if row.status in {"pending", "in_progress"}]
    words += [f"queued as {row.queue_reason} (priority {row.priority})" for row in waiting]
    return "; ".join(words)


def _short(value: Any) -> Any:
    if isinstance(value, str | list | dict):
        text = str(value)
        is_whole = len(text) <= _LONGEST or " " not in text
        return text if is_whole else f"{text[: _LONGEST - 1]}…"
    return value
