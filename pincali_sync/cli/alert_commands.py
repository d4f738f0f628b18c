"""`pincali-sync alerts`: what is the matter, and whether people would hear of it."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import JsonOption, print_json, print_table
from pincali_sync.config import load_config
from pincali_sync.exceptions import ExitStatus, UsageError
from pincali_sync.notify.apprise_notifier import AppriseNotifier


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
    incidents = ask(lambda services: services.insights.open_incidents())
    if as_json:
        print_json(incidents)
        return
    if not incidents:
        typer.echo("Nothing is the matter, as far as the last tick saw.")
        return
    print_table(
        "Open incidents",
        ("alert", "severity", "since", "told", "what"),
        [
            (each.alert, each.severity, each.opened_at, each.announced_at, each.message)
            for each in incidents
        ],
    )


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
    typer.echo(f"Sent to {len(targets)} targets; those that failed are in the log.")
