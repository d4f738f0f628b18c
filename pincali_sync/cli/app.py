"""`pincali-sync`: the commands, and how their errors and log lines reach the operator."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points, version
from types import TracebackType
from typing import Annotated

import typer

from pincali_sync import language
from pincali_sync.cli.consumer_commands import changes, export, report, schema
from pincali_sync.cli.control_commands import cancel, pause, process_queue, resume
from pincali_sync.cli.dead_letter_commands import dead_letters, dequeue, retry
from pincali_sync.cli.decision_commands import candidates, removals, reviews
from pincali_sync.cli.deploy_command import deploy
from pincali_sync.cli.doctor_command import doctor
from pincali_sync.cli.explain_command import explain
from pincali_sync.cli.first_run_command import first_run
from pincali_sync.cli.forget_command import forget
from pincali_sync.cli.help import HELP, GroupedHelp, speak
from pincali_sync.cli.inspect_commands import alerts, history, manifest_stats, queue_stats
from pincali_sync.cli.listings_command import listings
from pincali_sync.cli.log_file import SharedLogFile
from pincali_sync.cli.logs_command import logs
from pincali_sync.cli.machine_commands import config, parse, web
from pincali_sync.cli.output import echo, write_any_text
from pincali_sync.cli.status_command import status
from pincali_sync.cli.tier_commands import auto, tier1, tier2, tier3, tier4
from pincali_sync.cli.today_command import today
from pincali_sync.cli.webhook_commands import webhooks
from pincali_sync.config import load_config
from pincali_sync.exceptions import ConfigError, ExitStatus, PincaliSyncError, UsageError
from pincali_sync.files import UMASK, private_folder
from pincali_sync.language import _
from pincali_sync.moments import LOG_TIMES, show_times_in
from pincali_sync.visible import VisibleRecord

logger = logging.getLogger(__name__)

_FORMAT = "%(asctime)s %(levelname)s [%(name)s] %(message)s"
_FILE_BYTES = 10_000_000
_FILES_KEPT = 5
# As a shell says of a program that nobody read to its end: `| head` is no failure.
_NOT_READ = 128 + signal.SIGPIPE
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
# Of the libraries only what is wrong. Some of them write down, from INFO on, the URLs that they
# send to, with the tokens in them.
_LIBRARIES = ("alembic", "apprise", "httpcore", "httpx", "requests", "urllib3")

app = typer.Typer(
    name="pincali-sync",
    cls=GroupedHelp,
    context_settings=HELP,
    no_args_is_help=True,
    rich_markup_mode=None,  # errors are one plain line
    pretty_exceptions_enable=False,
)
_COMMANDS: Mapping[str, Sequence[Callable[..., None]]] = {
    "See how things are": (
        status,
        today,
        doctor,
        alerts,
        history,
        logs,
        explain,
        report,
        queue_stats,
        manifest_stats,
    ),
    "Run": (auto, first_run, tier1, tier2, tier3, tier4, process_queue),
    "Decide and step in": (pause, resume, cancel, retry, dequeue, dead_letters),
    "Use the data": (listings, export, changes, schema, forget),
    "Look after the installation": (config, web, deploy, parse),
}
for _heading, _commands in _COMMANDS.items():
    for _command in _commands:
        _name = _command.__name__.replace("_", "-")
        app.command(_name, rich_help_panel=_heading)(_command)
for _group, _name in ((removals, "removals"), (reviews, "reviews"), (candidates, "candidates")):
    app.add_typer(
        _group,
        name=_name,
        cls=GroupedHelp,
        no_args_is_help=True,
        rich_help_panel="Decide and step in",
    )
app.add_typer(
    webhooks,
    name="webhooks",
    cls=GroupedHelp,
    no_args_is_help=True,
    rich_help_panel="Use the data",
)
for _plugin in entry_points(group="pincali_sync.commands"):  # the workshop's, where it is installed
    app.command(_plugin.name, rich_help_panel="Try it out")(_plugin.load())


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        echo(f"pincali-sync {version('pincali-sync')}")
        raise typer.Exit


@app.callback()
def _before_commands(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Keeps a database of pincali.com listings true to within hours."""


def main() -> None:
    """Runs a command and exits with its status (see `ExitStatus`)."""
    os.umask(UMASK)
    write_any_text()
    sys.exit(run(app))


def run(commands: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Runs a command; errors become one line on stderr and an exit status."""
    configure_logging()
    try:
        with language.speaking(_language()):
            command = typer.main.get_command(commands)
            if language.current() != language.ENGLISH:
                speak(command)
            with _told_of_bytes(sys.argv[1:] if arguments is None else arguments):
                command(args=arguments)
    except SystemExit as end:  # usage errors and `typer.Exit` end this way
        if isinstance(end.__context__, BrokenPipeError):
            return _NOT_READ
        return end.code if isinstance(end.code, int) else ExitStatus.DONE
    except PincaliSyncError as error:
        for line in f"pincali-sync: {error}".splitlines():
            echo(line, err=True)
        return error.exit_status
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        place = f"{error.filename}: " if error.filename else ""
        echo(f"pincali-sync: {place}{error.strerror}: make room there, then again", err=True)
        return ExitStatus.FAILED
    return ExitStatus.DONE


@contextmanager
def _told_of_bytes(arguments: Sequence[str]) -> Iterator[None]:
    """Names the argument that is not UTF-8 where that is what broke: a file may be called so.

    Raises:
        UsageError: then.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        wrong = next((each for each in arguments if each != _in_utf_8(each)), None)
        if wrong is None:
            raise
        raise UsageError(_("%(text)s is not UTF-8: type it in UTF-8", text=repr(wrong))) from error


def _in_utf_8(text: str) -> str:
    return text.encode(errors="ignore").decode()


def _language() -> str:
    try:
        named = load_config().display_language
    except ConfigError:
        named = None  # the command itself says what is wrong
    return named or language.of_locale(os.environ)


def configure_logging() -> None:
    """Warnings go to the console; everything from `LOG_LEVEL` up goes to the file."""
    logging.setLogRecordFactory(VisibleRecord)
    sys.excepthook = _write_down
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    logging.basicConfig(
        format=_FORMAT, datefmt=LOG_TIMES, handlers=[console], level=logging.WARNING
    )
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        current = load_config()
    except ConfigError:
        return  # the command itself says what is wrong
    show_times_in(current.display_zone)
    try:
        log = private_folder(current.home / "logs") / "pincali-sync.log"
        file = SharedLogFile(log, maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT)
    except (ConfigError, OSError) as error:
        logger.warning("commands are not logged to a file: %s", error)  # which stops nobody
        return
    file.setLevel(current.log_level)
    file.setFormatter(logging.Formatter(_FORMAT, LOG_TIMES))
    root = logging.getLogger()
    root.addHandler(file)
    root.setLevel(min(file.level, console.level))


def _write_down(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """A fault of the program: its traceback, which may quote the site, goes where log lines go."""
    logger.critical("the command broke", exc_info=(kind, error, trace))
