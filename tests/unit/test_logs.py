"""What the command line writes down, where, and what it keeps to itself."""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import pytest
import typer
from scrapy import Spider
from scrapy.settings import Settings
from scrapy.utils.log import get_scrapy_root_handler, install_scrapy_root_handler
from scrapy.utils.test import get_crawler

from pincali_sync.cli.app import configure_logging, run
from pincali_sync.cli.log_file import SharedLogFile
from pincali_sync.log_format import QuietLogFormatter
from tests.support.builders import detail

STAMP = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4} "
LINE = re.compile(
    STAMP + r"(?P<level>[A-Z]+) "
    r"\[(?P<logger>[\w.]+)\] (?P<message>.+)$"
)
NO_ROOM = "[Errno 28] No space left on device"
LIBRARIES = ("alembic", "apprise", "httpcore", "httpx")


@contextmanager
def configured() -> Iterator[None]:
    """Logging as in a process of its own; afterwards all is as before."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    root.handlers = []
    try:
        configure_logging()
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers = handlers
        root.setLevel(level)
        for library in LIBRARIES:
            logging.getLogger(library).setLevel(logging.NOTSET)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PINCALI_HOME", str(tmp_path))
    return tmp_path


def levels_of(lines: str) -> list[str]:
    """The level of each line, all of which have time, level, logger and message."""
    levels = []
    for line in lines.splitlines():
        found = LINE.match(line)
        assert found is not None, line
        assert found["logger"] == "pincali_sync.services.example"
        assert found["message"] == "job 7 went silent"
        levels.append(found["level"])
    return levels


@pytest.mark.parametrize(
    ("log_level", "in_the_file", "on_the_console"),
    [
        ("DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR"], ["WARNING", "ERROR"]),
        ("INFO", ["INFO", "WARNING", "ERROR"], ["WARNING", "ERROR"]),
        ("ERROR", ["ERROR"], ["WARNING", "ERROR"]),
    ],
)
def test_the_file_has_lines_from_the_level_up_and_the_console_warnings(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    log_level: str,
    in_the_file: list[str],
    on_the_console: list[str],
) -> None:
    monkeypatch.setenv("LOG_LEVEL", log_level)
    logger = logging.getLogger("pincali_sync.services.example")
    with configured():
        for say in (logger.debug, logger.info, logger.warning, logger.error):
            say("job %s went silent", 7)
    assert levels_of((home / "logs" / "pincali-sync.log").read_text()) == in_the_file
    assert levels_of(capsys.readouterr().err) == on_the_console


@pytest.mark.usefixtures("home")
def test_a_jobs_line_too_says_whose_time_it_is() -> None:
    settings = Settings({"LOG_ENABLED": False})
    settings.setmodule("pincali_sync.settings")
    with configured():
        install_scrapy_root_handler(settings)
        handler = get_scrapy_root_handler()
    assert handler is not None
    assert re.match(
        STAMP + r"\[root\] INFO: x",
        handler.format(logging.makeLogRecord({"msg": "x", "levelname": "INFO", "name": "root"})),
    )


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_does_not_write_the_urls_it_sends_to(
    home: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    with configured():
        logging.getLogger(library).info("HTTP Request: POST https://hc.example/0a1b2c3d")
    assert (home / "logs" / "pincali-sync.log").read_text() == ""


def test_a_home_that_cannot_be_written_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PINCALI_HOME", str(tmp_path / "file"))
    with configured():
        logging.getLogger("pincali_sync.services.example").warning("job %s went silent", 7)
    first, _, rest = capsys.readouterr().err.partition("\n")
    assert "commands are not logged to a file: " in first
    assert levels_of(rest) == ["WARNING"]


def test_the_file_is_its_owners_alone_and_no_link_of_that_name_is_followed(home: Path) -> None:
    (home / "logs").mkdir()
    (home / "logs").chmod(0o755)
    with configured():
        pass
    log = home / "logs" / "pincali-sync.log"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (log.parent, log)] == [0o750, 0o600]
    (home / "victim").write_text("untouched")
    log.unlink()
    log.symlink_to(home / "victim")
    with configured():
        logging.getLogger("pincali_sync.services.example").warning("job 7 went silent")
    assert (home / "victim").read_text() == "untouched"


def write_lines(path: str, name: str, lines: int) -> None:
    """In a process of its own: many lines into a file that takes few."""
    handler = SharedLogFile(path, maxBytes=2_000, backupCount=1_000)
    for number in range(lines):
        handler.emit(logging.LogRecord("x", logging.INFO, "", 0, f"{name} {number}", None, None))


def test_several_processes_that_fill_the_file_at_once_lose_no_line(tmp_path: Path) -> None:
    path = tmp_path / "pincali-sync.log"
    names, lines = ("cron", "web", "command"), 500
    spawn = get_context("fork")
    writers = [spawn.Process(target=write_lines, args=(str(path), name, lines)) for name in names]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    files = list(tmp_path.iterdir())
    written = [line for file in files for line in file.read_text().splitlines()]
    assert sorted(written) == sorted(f"{name} {n}" for name in names for n in range(lines))
    full = [file for file in files if file != path]
    assert len(full) > 1
    assert min(file.stat().st_size for file in full) > 1_900  # none was moved before its time


def test_a_file_that_logrotate_moves_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "pincali-sync.log"
    handler = SharedLogFile(str(path), maxBytes=2_000, backupCount=1)
    for text in ("before", "after"):
        handler.emit(logging.LogRecord("x", logging.INFO, "", 0, text, None, None))
        if text == "before":
            path.rename(tmp_path / "moved")
    handler.close()
    assert [each.read_text() for each in (tmp_path / "moved", path)] == ["before\n", "after\n"]


def test_a_full_disk_stops_no_command_and_is_told_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115  # closed by the handler
    monkeypatch.setattr(SharedLogFile, "_follow", lambda _: False)
    monkeypatch.setattr(SharedLogFile, "_open", lambda _: full)
    monkeypatch.setattr(SharedLogFile, "shouldRollover", lambda *_: False)
    with configured():
        for _ in range(3):
            logging.getLogger("pincali_sync.services.example").info("job %s went silent", 7)
    told = capsys.readouterr().err
    assert told == f"{home / 'logs' / 'pincali-sync.log'} cannot be written: {NO_ROOM}\n"


def test_no_room_for_a_file_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    commands = typer.Typer()

    @commands.command()
    def write() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/exports/listings.csv")

    with configured():
        assert run(commands, []) == 1
    told = "/exports/listings.csv: No space left on device: make room there, then again"
    assert capsys.readouterr().err == f"pincali-sync: {told}\n"


def test_a_fault_of_the_program_is_written_down_as_text(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.excepthook", None)
    with configured():
        sys.excepthook(ValueError, ValueError("a title: \x1b[2J"), None)
    for said in (capsys.readouterr().err, (home / "logs" / "pincali-sync.log").read_text()):
        assert "CRITICAL [pincali_sync.cli.app] the command broke" in said
        assert r"ValueError: a title: \x1b[2J" in said
        assert "\x1b" not in said


def test_no_line_of_an_item_shows_what_is_in_it() -> None:
    page = detail("blue-house", agent_name="Agente 12", description="Informes con Agente 12")
    form, crawler = QuietLogFormatter(), get_crawler()
    crawler.spider = spider = Spider.from_crawler(crawler, name="detail")
    error = ValueError("no room")
    for said in (
        form.scraped(page, None, spider),
        form.dropped(page, error, None, spider),
        form.item_error(page, error, None, spider),
    ):
        line = said["msg"] % said["args"]
        assert "Property" in line
        assert "Agente 12" not in line
