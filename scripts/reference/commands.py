"""The commands, by what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from signal import SIGINT, SIGPIPE, SIGTERM

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from pincali_sync.cli.app import app
from pincali_sync.exceptions import ExitStatus
from scripts.reference.markdown import NOTICE, cell, code, table

PAGE = (
    NOTICE
    + """# Commands

`.venv/bin/pincali-sync …`, or `.venv/bin/python scripts/tier_sync_cli.py …`. PROPERTY is a
`property_id`, a former one, an EasyBroker id or a URL. `standin` and `simulate` come with
`workshop/`, which `make setup` installs and nodes do not need. Commands take `--json` unless it is
said otherwise. In a terminal they draw tables; into a pipe or a file a table goes as lines of
values between tabs (`pincali-sync history | cut -f1`). `-h` groups them, `--install-completion`
completes them.

What cron calls is `.venv/bin/python scripts/tier_runner.py`: it moves every open run one step on,
starts what is due, and returns. `--tier N` starts tier N now, `--wait` stays until no run is open,
`--open` moves on what is open and starts no run.

"""
)
STATUSES = {
    ExitStatus.DONE: "done",
    ExitStatus.FAILED: "the run, or what was asked for, failed",
    ExitStatus.USAGE: "wrong usage or configuration",
    ExitStatus.PAUSED_OR_BLOCKED: "paused, or blocked by the site",
    ExitStatus.LOCKED: "another run holds the lock: try again later",
}
_OF_EVERY_COMMAND = {"--help", "--json"}


def page() -> str:
    """The page of the reference."""
    statuses = [(f"{status:d}", STATUSES[status]) for status in ExitStatus]
    statuses.append((f"{128 + SIGINT}", "ended by Ctrl-C: what it held is given back"))
    statuses.append((f"{128 + SIGPIPE}", "nobody read its output to the end, as with `| head`"))
    statuses.append((f"{128 + SIGTERM}", "ended by SIGTERM: what it held is given back"))
    text = PAGE + table(["exit status", "it means"], statuses)
    for title, commands in _by_panel().items():
        text += f"\n## {title}\n"
        text += "".join(_section(path, command) for path, command in commands)
    return text


def names() -> list[str]:
    """Every command by what is typed for it, such as `removals list`."""
    return [path for commands in _by_panel().values() for path, _ in commands]


def _by_panel() -> dict[str, list[tuple[str, TyperCommand]]]:
    """The commands in the groups in which `--help` lists them."""
    panels: dict[str, list[tuple[str, TyperCommand]]] = {}
    for name, command in _shown_of(typer.main.get_command(app)):
        title = getattr(command, "rich_help_panel", None)
        title = title if isinstance(title, str) else "All commands"
        panels.setdefault(title, []).extend(_leaves(name, command))
    return panels


def _shown_of(group: object) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    assert isinstance(group, TyperGroup)
    for name, command in group.commands.items():
        assert isinstance(command, TyperCommand | TyperGroup)
        if not command.hidden:
            yield name, command


def _leaves(path: str, command: TyperCommand | TyperGroup) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperCommand):
        yield path, command
        return
    for name, child in _shown_of(command):
        yield from _leaves(f"{path} {name}", child)


def _section(path: str, command: TyperCommand) -> str:
    context = command.make_context(path, [], resilient_parsing=True)
    shown = [each for each in command.params if _OF_EVERY_COMMAND.isdisjoint(each.opts)]
    pieces = [each.get_usage_pieces(context) for each in shown if isinstance(each, TyperArgument)]
    usage = _plain(" ".join([path, *(piece for each in pieces for piece in each)]))
    text = f"\n### {path}\n\n`pincali-sync {usage}`\n\n{_said(command)}\n"
    rows = []
    for each in shown:
        record = each.get_help_record(context) or (str(each.name), "")
        rows.append((code(_plain(record[0])), cell(record[1])))
    if rows:
        text += "\n" + table(["argument", "meaning"], rows)
    takes_json = any("--json" in each.opts for each in command.params)
    return text if takes_json else text + "\nTakes no `--json`.\n"


def _said(command: TyperCommand) -> str:
    return " ".join((command.help or "").split()).replace("<", "&lt;")


def _plain(usage: str) -> str:
    """A usage without braces around what has to be given, and with one bracket around the rest."""
    once = usage.replace("[[", "[").replace("]]", "]")
    return " ".join(once.replace("{", "").replace("}", "").split())
