"""`pincali-sync`: the commands, and how their errors reach the operator."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from pincali_sync.cli import config_command, inspect_commands, page_commands, tier_commands
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
app.command("status")(inspect_commands.status)
app.command("queue-stats")(inspect_commands.queue_stats)
app.command("manifest-stats")(inspect_commands.manifest_stats)
app.command("process-queue")(tier_commands.process_queue)
app.command("config")(config_command.config)
app.command("parse")(page_commands.parse)
app.command("standin")(page_commands.standin)


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
