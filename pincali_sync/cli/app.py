"""`pincali-sync`: the commands, and how their errors reach the operator."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import entry_points

import typer

from pincali_sync.cli import (
    alert_commands,
    changes_command,
    config_command,
    control_commands,
    decision_commands,
    explain_command,
    export_command,
    first_run_command,
    inspect_commands,
    page_commands,
    queue_commands,
    report_command,
    tier_commands,
    web_command,
)
from pincali_sync.cli.logs import configure_logging
from pincali_sync.exceptions import ExitStatus, PincaliSyncError

app = typer.Typer(
    name="pincali-sync",
    help="Keeps a database of pincali.com listings true to within hours.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # errors are one plain line
    pretty_exceptions_enable=False,
)
app.command("tier1")(tier_commands.tier1)
app.command("tier2")(tier_commands.tier2)
app.command("tier3")(tier_commands.tier3)
app.command("tier4")(tier_commands.tier4)
app.command("auto")(tier_commands.auto)
app.command("first-run")(first_run_command.first_run)
app.command("status")(inspect_commands.status)
app.command("history")(inspect_commands.history)
app.command("explain")(explain_command.explain)
app.command("alerts")(alert_commands.alerts)
app.command("report")(report_command.report)
app.command("queue-stats")(inspect_commands.queue_stats)
app.command("manifest-stats")(inspect_commands.manifest_stats)
app.command("process-queue")(queue_commands.process_queue)
app.command("dead-letters")(queue_commands.dead_letters)
app.command("retry")(queue_commands.retry)
app.command("dequeue")(queue_commands.dequeue)
app.command("pause")(control_commands.pause)
app.command("resume")(control_commands.resume)
app.command("cancel")(control_commands.cancel)
app.add_typer(decision_commands.removals, name="removals", no_args_is_help=True)
app.add_typer(decision_commands.reviews, name="reviews", no_args_is_help=True)
app.add_typer(decision_commands.candidates, name="candidates", no_args_is_help=True)
app.command("export")(export_command.export)
app.command("changes")(changes_command.changes)
app.command("config")(config_command.config)
app.command("parse")(page_commands.parse)
app.command("web")(web_command.web)
for _plugin in entry_points(group="pincali_sync.commands"):  # the workshop's, where it is installed
    app.command(_plugin.name)(_plugin.load())


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and exits with its status (see `ExitStatus`)."""
    sys.exit(run(app, arguments))


def run(commands: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Runs a command; errors become one line on stderr and an exit status."""
    configure_logging()
    try:
        commands(args=arguments)
    except SystemExit as end:  # usage errors and `typer.Exit` end this way
        return end.code if isinstance(end.code, int) else ExitStatus.DONE
    except PincaliSyncError as error:
        typer.echo(f"pincali-sync: {error}", err=True)
        return error.exit_status
    return ExitStatus.DONE
