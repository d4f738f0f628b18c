"""Commands about pages that were set aside: why, a new start for them, and out of the queue."""

from __future__ import annotations

from typing import Annotated

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask, ask_database
from pincali_sync.cli.output import (
    Field,
    JsonOption,
    LimitOption,
    Name,
    echo,
    print_json,
    print_records,
    say,
)
from pincali_sync.db.repositories.queue.queue_rows import DeadLetter, DeadLetterGroup
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.dead_letters import BY_NAME
from pincali_sync.exceptions import UsageError
from pincali_sync.language import N_, _, ngettext
from pincali_sync.rendering.formats import number

_REASON = "cancelled by request"
_RECORD = typer.Argument(metavar="PROPERTY", help="property_id, EB id, URL or slug.")
KindOption = Annotated[
    str | None,
    typer.Option(metavar="KIND", help="Those with this kind of error, as `dead-letters` calls it."),
]
_GROUPS: dict[str, Field] = {
    N_("kind"): "kind",
    N_("pages"): "pages",
    N_("latest"): "latest_at",
    N_("what it is"): lambda group: _(BY_NAME[group.kind].means),
    N_("what to do"): lambda group: _(BY_NAME[group.kind].remedy),
    N_("latest error"): "example",
}
_LETTERS: dict[str, Field] = {
    N_("property"): "property_id",
    N_("reason"): lambda letter: Name(letter.queue_reason or "unknown"),
    N_("attempts"): "attempt_count",
    N_("when"): "completed_at",
    N_("last error"): "last_error",
    N_("page"): "source_url",
}


def dead_letters(
    kind: KindOption = None,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
) -> None:
    """Show why pages were set aside, by kinds of error; with --kind, or --json, the pages."""
    _check(kind)

    async def read(tx: UnitOfWork) -> tuple[list[DeadLetterGroup], list[DeadLetter]]:
        groups = await tx.queue_rows.dead_letter_groups()
        return groups, await tx.queue_rows.dead_letters(limit=limit, kind=kind)

    groups, letters = ask_database(read)
    if as_json:
        print_json(letters)
    elif kind is None:
        print_records(_("Set aside"), _GROUPS, sorted(groups, key=lambda each: -each.pages))
    else:
        print_records(_("Set aside"), _LETTERS, letters)
    in_all = sum(each.pages for each in groups if kind in {None, each.kind})
    if len(letters) < in_all and (as_json or kind is not None):
        said = _(
            "These are the latest %(shown)s of %(all)s; `--limit` shows more.",
            shown=number(len(letters)),
            all=number(in_all),
        )
        echo(said, err=True)


def retry(
    record: Annotated[str | None, _RECORD] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were set aside.")] = False,
    kind: KindOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give pages that were set aside a new start."""
    if [record is not None, everything, kind is not None].count(True) != 1:
        raise UsageError(_("name one PROPERTY, or say --kind KIND or --all"))
    _check(kind)

    async def work(services: Services) -> int:
        property_id = None if record is None else await services.insights.record_of(record)
        return await services.db.run(
            lambda tx: tx.queue_rows.retry(property_id, kind=kind, now=services.clock.now())
        )

    count = ask(work)
    said = ngettext("%(num)s page queued again.", "%(num)s pages queued again.", count)
    say({"pages_queued_again": count}, said, as_json=as_json)


def dequeue(
    record: Annotated[str | None, _RECORD] = None,
    kind: KindOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a record's waiting and set-aside pages out of the queue, or all of a kind set aside."""
    if (record is None) is (kind is None):
        raise UsageError(_("name one PROPERTY, or say --kind KIND"))
    _check(kind)

    async def work(services: Services) -> int:
        now = services.clock.now()
        if kind is not None:
            return await services.db.run(
                lambda tx: tx.queue_rows.dismiss(kind, reason=_REASON, now=now)
            )
        property_id = await services.insights.record_of(record or "")
        return await services.db.run(
            lambda tx: tx.queue_rows.cancel(property_id, reason=_REASON, now=now)
        )

    count = ask(work)
    said = ngettext("%(num)s page taken out.", "%(num)s pages taken out.", count)
    say({"pages_taken_out": count}, said, as_json=as_json)


def _check(kind: str | None) -> None:
    if kind is not None and kind not in BY_NAME:
        raise UsageError(
            _(
                "%(text)s is no kind of error: it is one of %(kinds)s",
                text=repr(kind),
                kinds=", ".join(BY_NAME),
            )
        )
