"""What `--help` says of many commands: in groups, and each line whole."""

from __future__ import annotations

from typing import Any

from typer import Context
from typer.core import TyperGroup

HELP = {"help_option_names": ["-h", "--help"]}


class GroupedHelp(TyperGroup):
    """Commands below the heading of their `rich_help_panel`, in the order they were given in."""

    def format_commands(self, ctx: Context, formatter: Any) -> None:  # type: ignore[override]
        """Writes them; a command that is hidden is not told of."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            if not command.hidden:
                heading = getattr(command, "rich_help_panel", None) or "Commands"
                line = " ".join((command.help or "").partition("\n\n")[0].split())
                groups.setdefault(heading, []).append((name, line))
        width = max(len(name) for rows in groups.values() for name, _ in rows)
        for heading, rows in groups.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{name:<{width}}", line) for name, line in rows])
