"""What `--help` says: of many commands in groups, each line whole, in the language spoken."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import typer.core
from typer import Context
from typer.core import TyperGroup

from pincali_sync.language import N_, _, translated

HELP = {"help_option_names": ["-h", "--help"]}


class GroupedHelp(TyperGroup):
    """Commands below the heading of their `rich_help_panel`, in the order they were given in."""

    def format_commands(self, ctx: Context, formatter: Any) -> None:  # type: ignore[override]
        """Writes them; a command that is hidden is not told of."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            if not command.hidden:
                heading = getattr(command, "rich_help_panel", None) or _("Commands")
                line = " ".join((command.help or "").partition("\n\n")[0].split())
                groups.setdefault(heading, []).append((name, line))
        width = max(len(name) for rows in groups.values() for name, _ in rows)
        for heading, rows in groups.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{name:<{width}}", line) for name, line in rows])


# Of the library, which marks them for nobody, or asks a catalogue of its own that there is not.
_OF_TYPER = (N_("Options"), N_("Arguments"), N_("default: {default}"), N_("required"))


def speak(command: Any) -> None:
    """Has a command, and those below it, say its help in the language spoken."""
    typer.core._ = translated  # type: ignore[attr-defined]  # the library's own hook is a file
    reword(command, _)


def reword(command: Any, say: Callable[[str], str]) -> None:
    """Replaces every text of the help of a command, and of those below it.

    Args:
        say: what a text becomes.
    """
    if command.help:
        command.help = say(_unwrapped(command.help))
    if heading := getattr(command, "rich_help_panel", None):
        command.rich_help_panel = say(heading)
    for each in command.params:
        if text := getattr(each, "help", None):
            each.help = say(text)
    command.options_metavar = say(command.options_metavar)
    command.format_usage = partial(_write_usage, command)
    for below in getattr(command, "commands", {}).values():
        reword(below, say)


def _unwrapped(text: str) -> str:
    """A paragraph on one line."""
    return "\n\n".join(" ".join(each.split()) for each in text.split("\n\n"))


def _write_usage(command: Any, ctx: Context, formatter: Any) -> None:
    if option := command.get_help_option(ctx):
        option.help = _("Show this message and exit.")
    prefix, pieces = _("Usage:"), command.collect_usage_pieces(ctx)
    formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=f"{prefix} ")
