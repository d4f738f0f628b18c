"""The group `webhooks`: who is sent changes, and how it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask
from pincali_sync.cli.help import HELP
from pincali_sync.cli.output import JsonOption, echo, print_json, show_records
from pincali_sync.db.repositories.export.webhooks import WebhookState
from pincali_sync.domain.webhooks import WebhookTarget
from pincali_sync.exceptions import ExitStatus, UsageError
from pincali_sync.language import N_, _, ngettext
from pincali_sync.services.export.webhooks import Sent, WebhookService
from pincali_sync.services.ports import PostAnswer

webhooks = typer.Typer(
    help="Webhooks: who is sent changes, and how it goes.", context_settings=HELP
)

_COLUMNS = {
    N_("target"): "place",
    N_("URL"): "shown",
    N_("waiting"): "waiting",
    N_("took last"): "delivered_at",
    N_("failing since"): "failing_since",
    N_("rests until"): "rests_until",
    N_("what it answered"): "error",
}
TargetArgument = Annotated[
    int | None, typer.Argument(metavar="[TARGET]", min=1, help="Its place in WEBHOOK_URLS.")
]


@webhooks.command("list")
def list_webhooks(as_json: JsonOption = False) -> None:
    """Show each target: what waits for it, and what it answered."""
    states = ask(lambda services: services.webhooks.states())
    show_records(_("Webhooks"), _COLUMNS, [_shown(*each) for each in states], as_json=as_json)


@webhooks.command("test")
def try_webhook(target: TargetArgument = None, as_json: JsonOption = False) -> None:
    """Send a message without changes, and show what became of it."""

    async def work(services: Services) -> list[tuple[WebhookTarget, PostAnswer]]:
        meant = _meant(services.webhooks, target)
        return [(each, await services.webhooks.test(each)) for each in meant]

    outcomes = [
        Sent(place=each.place, target=each.shown, changes=0, failure=answer.failure)
        for each, answer in ask(work)
    ]
    _tell(outcomes, lambda _sent: _("it took the test"), as_json=as_json)


@webhooks.command("send")
def send_webhooks(target: TargetArgument = None, as_json: JsonOption = False) -> None:
    """Send what waits, now, also to a target that rests after a failure."""
    outcomes = ask(
        lambda services: services.webhooks.send(_meant(services.webhooks, target), at_once=True)
    )
    _tell(outcomes, _taken, as_json=as_json)


def _meant(service: WebhookService, place: int | None) -> list[WebhookTarget]:
    """Raises: UsageError: when there is no such target, or none at all."""
    if not service.targets:
        raise UsageError(_("WEBHOOK_URLS names no target"))
    meant = [each for each in service.targets if place in {None, each.place}]
    if not meant:
        raise UsageError(f"WEBHOOK_URLS has no entry {place}: it has {len(service.targets)}")
    return meant


def _taken(sent: Sent) -> str:
    return ngettext("it took %(num)s change", "it took %(num)s changes", sent.changes)


def _tell(outcomes: list[Sent], taken: Callable[[Sent], str], *, as_json: bool) -> None:
    if as_json:
        print_json(outcomes)
    for each in () if as_json else outcomes:
        said = taken(each) if each.failure is None else each.failure
        echo(f"{each.place} {each.target}: {said}", err=each.failure is not None)
    if any(each.failure is not None for each in outcomes):
        raise typer.Exit(ExitStatus.FAILED)


def _shown(target: WebhookTarget, state: WebhookState | None) -> dict[str, Any]:
    fields = ("waiting", "delivered_at", "failing_since", "rests_until", "error", "cursor")
    return {
        "place": target.place,
        "shown": target.shown,
        **{name: getattr(state, name, None) for name in fields},
    }
