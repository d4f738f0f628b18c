"""`pincali-sync alerts`: what is the matter, and whether people would hear of it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import typer

from pincali_sync.cli.asking import ask_database
from pincali_sync.cli.output import JsonOption, show_records
from pincali_sync.config import load_config
from pincali_sync.db.repositories.insights.incidents import Incident
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import ExitStatus, UsageError
from pincali_sync.notify.apprise_notifier import AppriseNotifier
from pincali_sync.rendering.formats import instant
from pincali_sync.services.insights.snapshot import RUNNER

_COLUMNS = {
    "alert": "alert",
    "severity": "severity",
    "since": "opened_at",
    "told": "announced_at",
    "what": "message",
}


def alerts(
    test: Annotated[
        bool, typer.Option("--test", help="Send a test message to ALERT_URLS instead.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what is the matter now, or try whether people can be told."""
    if test:
        _send_test()
        return
    incidents, last_tick = ask_database(_read)
    if as_json or incidents:
        show_records("Open incidents", _COLUMNS, incidents, as_json=as_json)
    else:
        seen = instant(last_tick) if last_tick else "never"
        typer.echo(f"Nothing is the matter, as far as the last tick saw ({seen}).")


async def _read(tx: UnitOfWork) -> tuple[list[Incident], datetime | None]:
    return await tx.incidents.open(), await tx.history.last_beat(RUNNER)


def _send_test() -> None:
    targets = load_config().alert_targets
    if not targets:
        raise UsageError("ALERT_URLS is not set: there is nobody to tell")
    told = asyncio.run(
        AppriseNotifier(targets).tell("Pincali Sync: test", "This is a test: nothing is wrong.")
    )
    if not told:
        typer.echo("No target took the message: see the log for which.", err=True)
        raise typer.Exit(ExitStatus.FAILED)
    typer.echo("Sent. A target that did not take it is named in the log by its place.")
