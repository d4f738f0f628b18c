"""`pincali-sync explain PROPERTY`: what it is, why it is queued, why it was removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import (
    JsonOption,
    Name,
    echo,
    echo_wrapped,
    field_of,
    print_facts,
    print_json,
    print_table,
)
from pincali_sync.domain.names import words
from pincali_sync.language import N_, _, ngettext
from pincali_sync.moments import instant
from pincali_sync.rendering.formats import money
from pincali_sync.rendering.values import told, why_flagged
from pincali_sync.services.insights_service import Dossier

# The fields that hold names of the program.
_NAMES = {"queue_reason", "status", "verdict", "source", "change_type", "field_name"}
_LATEST = 5  # of the journal, unless all is asked for
_LONGEST = 200  # of a text; what has no spaces is an id or a URL, and stays whole
# The dossier's parts: the title, and the fields that are shown, each under its own name.
_PARTS = {
    "aliases": (N_("Other forms of its id"), "alias source_url created_at"),
    "queue": (
        N_("Queue"),
        "queue_reason priority status queued_at completed_at attempt_count last_error",
    ),
    "checks": (N_("What its page answered"), "checked_at verdict http_status evidence applied_at"),
    "certificates": (
        N_("The scan that missed it last"),
        "source certified pages_read pages_lost distinct_properties total_at_end reasons",
    ),
    "sitemap": (N_("In the sitemap"), "source_url first_listed_at listed_at is_dropped"),
    "reviews": (N_("Unusual prices"), "created_at old_price new_price status settled_by"),
    "changes": (
        N_("Journal"),
        "created_at change_type field_name old_value new_value change_reason",
    ),
    "sightings": (N_("Pages that showed it"), "seen_at source part page_number session_id"),
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
    more = {_(_PARTS[part][0]).lower(): len(getattr(dossier, part)) for part in _PARTS}
    named = ", ".join(f"{title} {count}" for title, count in more.items() if count)
    echo_wrapped(_("With --all: %(parts)s.", parts=named or _("no more than this")))


def _main_facts(dossier: Dossier) -> Iterator[str]:
    live, card = dossier.live, dossier.manifest
    if found := live or card:
        yield str(found.get("title") or found.get("listing_page_title") or _("without a title"))
        yield str(found["source_url"])
    if live is not None:
        price = money(live["price"], live["currency"])
        if live["price_unit"] == "m2":
            price = f"{price} {_('per m²')}"
        operation = live["operation_type"]
        offered = words(operation) if operation else _("operation unknown")
        yield f"{offered}, {price}"
        yield _(
            "first seen %(first)s, last %(last)s; details of %(details)s",
            first=instant(live["first_seen_at"]),
            last=instant((card or live)["last_seen_at"]),
            details=instant(live["last_full_scrape_at"]),
        )


def _show_all(dossier: Dossier) -> None:
    rows = ((_("Live row"), dossier.live), (_("Card, as it was seen last"), dossier.manifest))
    for title, row in rows:
        if row is not None:
            print_facts(title, {name: _short(value) for name, value in row.items()})
    for part in _PARTS:
        if records := getattr(dossier, part):
            _show_part(part, records)


def _show_part(part: str, records: Sequence[Any]) -> None:
    title, names = _PARTS[part]
    fields = names.split()
    rows = [[_cell(name, field_of(each, name)) for name in fields] for each in records]
    print_table(_(title), fields, rows)


def _cell(field: str, value: Any) -> Any:
    return Name(value) if field in _NAMES and value else _short(value)


def _summary(dossier: Dossier) -> str:
    """One line that answers the usual question."""
    live, manifest = dossier.live, dossier.manifest
    if live is None:
        seen = instant(manifest["last_seen_at"]) if manifest else _("an unknown time")
        if manifest and not manifest["sources"]:
            return _(
                "%(record)s: known by its URL alone, in the sitemap last on %(when)s",
                record=dossier.property_id,
                when=seen,
            )
        return _(
            "%(record)s: not live yet, seen on a listing page last on %(when)s",
            record=dossier.property_id,
            when=seen,
        )
    missing = live["consecutive_missing_count"]
    public_id, state = live["public_id"] or _("no EB id"), words(live["listing_status"])
    parts = [f"{dossier.property_id} ({public_id}): {state}"]
    if missing:
        parts.append(
            ngettext(
                "missing in %(num)s certified scan",
                "missing in %(num)s certified scans in a row",
                missing,
            )
        )
    if dossier.checks:
        verdict, evidence = words(dossier.checks[0].verdict), dossier.checks[0].evidence
        parts.append(_("its page: %(verdict)s, %(evidence)s", verdict=verdict, evidence=evidence))
    if flag := why_flagged(dossier):
        parts.append(flag)
    waiting = [row for row in dossier.queue if row.status in {"pending", "in_progress"}]
    parts += [
        _(
            "queued as %(reason)s (priority %(priority)s)",
            reason=words(row.queue_reason or "unknown"),
            priority=row.priority,
        )
        for row in waiting
    ]
    return "; ".join(parts)


def _short(value: Any) -> Any:
    value = told(value)
    if isinstance(value, str | list | dict):
        text = str(value)
        is_whole = len(text) <= _LONGEST or " " not in text
        return text if is_whole else f"{text[: _LONGEST - 1]}…"
    return value
