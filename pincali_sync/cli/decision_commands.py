"""Commands that decide: held removals, unusual prices, records that may be one property."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask, ask_database, who
from pincali_sync.cli.output import (
    Field,
    JsonOption,
    LimitOption,
    Name,
    echo,
    print_json,
    print_records,
    say,
    show_records,
)
from pincali_sync.db.repositories.removal.batches import RemovalBatch
from pincali_sync.db.repositories.removal.checks import RemovalCheck
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.names import words
from pincali_sync.exceptions import UsageError
from pincali_sync.language import N_, _, ngettext
from pincali_sync.services.removal.settlement import Settled

R = TypeVar("R")

removals = typer.Typer(help="Removals: batches, verdicts, and what was held.")
reviews = typer.Typer(help="Prices that changed by more than half.")
candidates = typer.Typer(help="Records that may be one property.")

_UNSETTLED: dict[str, Field] = {
    N_("property"): "property_id",
    N_("EB id"): "public_id",
    N_("listed last"): "last_seen_at",
    N_("missed"): "consecutive_missing_count",
    N_("state"): lambda listing: Name(listing.state),
    N_("its page"): "evidence",
    N_("looked at"): "checked_at",
}

IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="As `list` shows it, or how it begins.")
]


@removals.command("list")
def list_removals(as_json: JsonOption = False) -> None:
    """Show the latest batches, and listings that are missing for long without a verdict."""

    async def read(tx: UnitOfWork) -> dict[str, Any]:
        batches = await tx.batches.latest()
        unsettled, waiting = await tx.missing.survey()
        return {"batches": batches, "unsettled": unsettled, "waiting": waiting}

    found = ask_database(read)
    if as_json:
        print_json(found)
        return
    print_records(
        _("Batches of removals"),
        {
            N_("id"): "id",
            N_("when"): "created_at",
            N_("status"): lambda batch: Name(batch.status),
            N_("missing"): "candidates",
            N_("proven gone"): "would_remove",
            N_("limit"): "removal_limit",
            N_("removed"): "removed",
            N_("decided by"): "decided_by",
        },
        found["batches"],
    )
    counts = found["waiting"]
    missing = ngettext(
        "%(num)s listing is missing for long without a verdict, and %(off_market)s are off the "
        "market: `pincali-sync removals unsettled`.",
        "%(num)s listings are missing for long without a verdict, and %(off_market)s are off the "
        "market: `pincali-sync removals unsettled`.",
        counts.unsettled,
        off_market=counts.off_market,
    )
    echo(missing)


@removals.command("unsettled")
def list_unsettled(limit: LimitOption = 100, as_json: JsonOption = False) -> None:
    """Show listings that are missing for long, and what is known of each: those that wait for a
    person first."""
    found = ask_database(lambda tx: tx.missing.unsettled(limit + 1))
    show_records(_("Missing for long"), _UNSETTLED, _up_to(limit, found), as_json=as_json)


@removals.command("settle")
def settle_removal(
    record: Annotated[
        str, typer.Argument(metavar="PROPERTY", help="property_id, alias, EB id, URL or slug.")
    ],
    gone: Annotated[bool, typer.Option("--gone", help="It is gone: take it out.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="It is there: it is active.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Decide on one listing that no page tells of, or that no list shows any more."""
    if gone is keep:
        raise UsageError(_("say --gone or --keep"))

    async def work(services: Services) -> Settled:
        property_id = await services.insights.record_of(record)
        return await services.settlements.settle(property_id, gone=gone, decided_by=who())

    settled = ask(work)
    known = {"record": settled.property_id, "state": words(settled.listing_status)}
    if settled.changed:
        text = _("%(record)s is %(state)s.", **known)
    else:
        text = _("%(record)s is %(state)s already.", **known)
    say(settled, text, as_json=as_json)


@removals.command("show")
def show_removals(batch: IdArgument, as_json: JsonOption = False) -> None:
    """Show what the pages of a batch's listings answered."""

    async def work(services: Services) -> list[RemovalCheck]:
        batch_id = await services.insights.id_of("batch", batch)
        return await services.db.run(lambda tx: tx.checks.of_batch(batch_id))

    checks = ask(work)
    show_records(
        _("Batch %(id)s", id=batch),
        {
            N_("property"): "property_id",
            N_("verdict"): lambda check: Name(check.verdict),
            N_("status"): "http_status",
            N_("evidence"): "evidence",
            N_("checked"): "checked_at",
        },
        checks,
        as_json=as_json,
    )


@removals.command("approve")
def approve_removals(batch: IdArgument, as_json: JsonOption = False) -> None:
    """Carry a held batch out; listings seen again meanwhile are left alone."""
    _settle_batch(batch, approve=True, as_json=as_json)


@removals.command("reject")
def reject_removals(batch: IdArgument, as_json: JsonOption = False) -> None:
    """Throw a held batch away: its listings are active again."""
    _settle_batch(batch, approve=False, as_json=as_json)


def _settle_batch(batch_id: str, *, approve: bool, as_json: bool) -> None:
    async def work(services: Services) -> RemovalBatch:
        found = await services.insights.id_of("batch", batch_id)
        return await services.removals.settle(found, approve=approve, decided_by=who())

    batch = ask(work)
    text = ngettext(
        "Batch %(id)s is %(state)s: %(num)s listing removed.",
        "Batch %(id)s is %(state)s: %(num)s listings removed.",
        batch.removed,
        id=batch.id,
        state=words(batch.status),
    )
    say(batch, text, as_json=as_json)


@reviews.command("list")
def list_reviews(limit: LimitOption = 100, as_json: JsonOption = False) -> None:
    """Show prices that changed by more than half, the oldest first."""
    found = ask_database(lambda tx: tx.reviews.open_reviews(limit + 1))
    show_records(
        _("Unusual prices"),
        {
            N_("id"): "id",
            N_("property"): "property_id",
            N_("title"): "title",
            N_("was"): lambda each: f"{each.old_price:,}",
            N_("is"): lambda each: f"{each.new_price:,}",
            N_("currency"): "currency",
            N_("since"): "created_at",
        },
        _up_to(limit, found),
        as_json=as_json,
    )


@reviews.command("accept")
def accept_review(review: IdArgument) -> None:
    """Let the new price stand."""
    _settle_review(review, accept=True)
    echo(_("The new price stands."))


@reviews.command("reject")
def reject_review(review: IdArgument) -> None:
    """Put the old price back, until the site shows another."""
    _settle_review(review, accept=False)
    echo(_("The old price is back."))


@candidates.command("list")
def list_candidates(limit: LimitOption = 100, as_json: JsonOption = False) -> None:
    """Show newcomers that resemble a listing that went."""
    found = ask_database(lambda tx: tx.identities.open_candidates(limit + 1))
    show_records(
        _("May be one property"),
        {
            N_("id"): "id",
            N_("newcomer"): "property_id",
            N_("title"): "title",
            N_("earlier"): "earlier_property_id",
            N_("its title"): "earlier_title",
            N_("metres"): lambda each: round(each.metres, 1),
            N_("likeness"): lambda each: round(each.title_similarity),
            N_("price"): lambda each: f"{each.price_ratio:.0%}",
        },
        _up_to(limit, found),
        as_json=as_json,
    )


@candidates.command("confirm")
def confirm_candidate(pair: IdArgument) -> None:
    """Make the two one record: the earlier one, under its own id."""
    _settle_candidate(pair, confirm=True)
    echo(_("They are one record now."))


@candidates.command("reject")
def reject_candidate(pair: IdArgument) -> None:
    """Keep the two apart, for good."""
    _settle_candidate(pair, confirm=False)
    echo(_("They stay two records."))


def _up_to(limit: int, found: Sequence[R]) -> Sequence[R]:
    """What is shown of a list that was asked for one more; that it goes on is said."""
    if len(found) > limit:
        echo(_("The list stops at %(limit)s; `--limit` shows more.", limit=limit), err=True)
    return found[:limit]


def _settle_review(review: str, *, accept: bool) -> None:
    async def work(services: Services) -> None:
        found = await services.insights.id_of("review", review)
        await services.reviews.settle(found, accept=accept, settled_by=who())

    ask(work)


def _settle_candidate(pair: str, *, confirm: bool) -> None:
    async def work(services: Services) -> None:
        found = await services.insights.id_of("candidate", pair)
        await services.identities.settle(found, confirm=confirm, settled_by=who())

    ask(work)
