"""Commands that decide: held removals, unusual prices, records that may be one property."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask, who
from pincali_sync.cli.output import JsonOption, print_json, print_table
from pincali_sync.db.repositories.removal.removals import RemovalBatch
from pincali_sync.exceptions import UsageError

removals = typer.Typer(help="Removals: batches, verdicts, and what was held.")
reviews = typer.Typer(help="Prices that changed by more than half.")
candidates = typer.Typer(help="Records that may be one property.")

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]


@removals.command("list")
def list_removals(as_json: JsonOption = False) -> None:
    """Show the latest batches, and listings that are missing for long without a verdict."""

    async def read(services: Services) -> tuple[list[RemovalBatch], list[object]]:
        return (
            await services.reviews.removal_batches(),
            list(await services.reviews.unsettled()),
        )

    batches, unsettled = ask(read)
    if as_json:
        print_json({"batches": batches, "unsettled": unsettled})
        return
    print_table(
        "Batches of removals",
        ("id", "when", "status", "missing", "proven gone", "limit", "removed", "decided by"),
        [
            (
                each.id,
                each.created_at,
                each.status,
                each.candidates,
                each.would_remove,
                each.removal_limit,
                each.removed,
                each.decided_by,
            )
            for each in batches
        ],
    )
    typer.echo(f"{len(unsettled)} listings are missing for long without a verdict (see --json).")


@removals.command("show")
def show_removals(batch: IdArgument, as_json: JsonOption = False) -> None:
    """Show what the pages of a batch's listings answered."""
    checks = ask(lambda services: services.reviews.checks(_uuid(batch)))
    if as_json:
        print_json(checks)
        return
    print_table(
        f"Batch {batch}",
        ("property", "verdict", "status", "evidence", "checked"),
        [
            (each.property_id, each.verdict, each.http_status, each.evidence, each.checked_at)
            for each in checks
        ],
    )


@removals.command("approve")
def approve_removals(batch: IdArgument, as_json: JsonOption = False) -> None:
    """Carry a held batch out; listings seen again meanwhile are left alone."""
    decided = ask(lambda services: services.reviews.approve(_uuid(batch), decided_by=who()))
    _say_batch(decided, as_json=as_json)


@removals.command("reject")
def reject_removals(batch: IdArgument, as_json: JsonOption = False) -> None:
    """Throw a held batch away: its listings are active again."""
    decided = ask(lambda services: services.reviews.reject(_uuid(batch), decided_by=who()))
    _say_batch(decided, as_json=as_json)


@reviews.command("list")
def list_reviews(as_json: JsonOption = False) -> None:
    """Show prices that changed by more than half, the oldest first."""
    found = ask(lambda services: services.reviews.price_reviews())
    if as_json:
        print_json(found)
        return
    print_table(
        "Unusual prices",
        ("id", "property", "title", "was", "is", "currency", "since"),
        [
            (
                each.id,
                each.property_id,
                each.title,
                f"{each.old_price:,}",
                f"{each.new_price:,}",
                each.currency,
                each.created_at,
            )
            for each in found
        ],
    )


@reviews.command("accept")
def accept_review(review: IdArgument) -> None:
    """Let the new price stand."""
    ask(
        lambda services: services.reviews.settle_price(_uuid(review), accept=True, settled_by=who())
    )
    typer.echo("The new price stands.")


@reviews.command("reject")
def reject_review(review: IdArgument) -> None:
    """Put the old price back, until the site shows another."""
    ask(
        lambda services: services.reviews.settle_price(
            _uuid(review), accept=False, settled_by=who()
        )
    )
    typer.echo("The old price is back.")


@candidates.command("list")
def list_candidates(as_json: JsonOption = False) -> None:
    """Show newcomers that resemble a listing that went."""
    found = ask(lambda services: services.identities.open_candidates())
    if as_json:
        print_json(found)
        return
    print_table(
        "May be one property",
        ("id", "newcomer", "title", "earlier", "its title", "metres", "likeness", "price"),
        [
            (
                each.id,
                each.property_id,
                each.title,
                each.earlier_property_id,
                each.earlier_title,
                round(each.metres, 1),
                round(each.title_similarity),
                f"{each.price_ratio:.0%}",
            )
            for each in found
        ],
    )


@candidates.command("confirm")
def confirm_candidate(candidate: IdArgument) -> None:
    """Make the two one record: the earlier one, under its own id."""
    ask(
        lambda services: services.identities.settle(
            _uuid(candidate), confirm=True, settled_by=who()
        )
    )
    typer.echo("They are one record now.")


@candidates.command("reject")
def reject_candidate(candidate: IdArgument) -> None:
    """Keep the two apart, for good."""
    ask(
        lambda services: services.identities.settle(
            _uuid(candidate), confirm=False, settled_by=who()
        )
    )
    typer.echo("They stay two records.")


def _say_batch(batch: RemovalBatch, *, as_json: bool) -> None:
    if as_json:
        print_json(batch)
    else:
        typer.echo(f"Batch {batch.id} is {batch.status}: {batch.removed} listings removed.")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise UsageError(f"{text!r} is no id: `list` shows them") from None
