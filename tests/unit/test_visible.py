"""Text of the site is text: on the terminal, in JSON, in tables and in logs."""

from __future__ import annotations

import ast
import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.utils.test import get_crawler

import pincali_sync.cli
from pincali_sync.cli.output import (
    console,
    draw_table,
    echo,
    print_json,
    print_json_line,
    print_table,
)
from pincali_sync.log_format import QuietLogFormatter
from pincali_sync.visible import VisibleRecord, visible, visible_lines

# A window's title, a cleared screen, a colour in one byte, a line turned round, an isolate, a mark
# without width, half a character, a line end in Unicode, a deletion, a second line.
HOSTILE = (
    "Casa \x1b]0;owned\x07\x1b[2J\x9b31m\u202eroja\u2066\u200b\ud800\u2028\x7f\r\n"
    "ERROR x [/x] :house:"
)
UNSEEN = "".join({each for each in HOSTILE if not each.isprintable()})
ORDINARY = "Casa en Mérida, 120 m² · «centro» $1,250,000 – 日本 🏠 [bold]x[/bold]\u00a0%"


def is_text(said: str) -> bool:
    """Whether nothing is in it that a terminal would obey, its own line ends apart."""
    return not set(said) & set(UNSEEN) - {"\n"}


def test_ordinary_text_stays_as_it_is() -> None:
    assert visible(ORDINARY) == ORDINARY


def test_what_a_terminal_would_obey_or_hide_is_written_out() -> None:
    shown = visible(HOSTILE)
    assert shown.isprintable()
    assert r"\x1b]0;owned\x07" in shown
    assert r"\u202eroja\u2066\u200b\ud800\u2028\x7f\r\nERROR x [/x] :house:" in shown
    assert visible_lines("one\ntwo\r\n", indent="  ") == "one\n  two\\r\n  "


def test_tables_and_lines_show_markup_and_escapes_as_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    draw_table(f"Batch {HOSTILE}", ("a", "b"), [[HOSTILE, "[/x]"], ["[red]c[/red]", ":house:"]])
    echo(HOSTILE)
    said = capsys.readouterr().out
    assert is_text(said)
    for shown in ("[/x]", "[red]c[/red]", ":house:"):
        assert shown in said
    assert said.splitlines()[-1] == visible(HOSTILE)


def test_a_terminal_too_narrow_for_a_table_gets_the_same_in_whole_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = ("run", "tier", "started", "state", "scraped", "certified")
    row = ["bb8d4cdc", "4 monthly_refresh", "2026-11-26 16:04", "running: scan", 1200, "4 of 4"]
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    for width, is_table in ((80, True), (60, False)):
        monkeypatch.setattr(console, "width", width)
        draw_table("Runs", columns, [row])
        said = capsys.readouterr().out
        assert ("──" in said) is is_table
        assert max(map(len, said.splitlines())) <= width
        for word in (*columns, "bb8d4cdc", "monthly_refresh", "2026-11-26", "running:"):
            assert word in said, said


def test_a_program_that_reads_a_table_gets_whole_values_between_tabs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = datetime(2026, 11, 26, 16, 4, tzinfo=UTC)
    rows = [["x" * 99, at, 1200, None], [HOSTILE, 1, 2, 3]]
    print_table("Runs", ("id", "at", "rows", "error"), rows)
    head, first, second = capsys.readouterr().out.splitlines()
    assert head == "id\tat\trows\terror"
    assert first == f"{'x' * 99}\t2026-11-26T16:04:00+00:00\t1200\t"
    assert second == f"{visible(HOSTILE)}\t1\t2\t3"


def test_an_empty_table_is_a_line_for_people_and_headings_for_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    draw_table("Nodes", ("node",), [])
    print_table("Nodes", ("node",), [])
    assert capsys.readouterr().out == "Nodes: none.\nnode\n"


def test_json_holds_the_text_exactly_and_shows_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for show in (print_json, print_json_line):
        show({"title": HOSTILE + ORDINARY})
        said = capsys.readouterr().out
        assert is_text(said)
        assert json.loads(said) == {"title": HOSTILE + ORDINARY}
    print_json(ORDINARY)
    assert ORDINARY in capsys.readouterr().out


def test_commands_print_through_one_module() -> None:
    """Else there is a door for text that nobody looked through."""
    [folder] = map(Path, pincali_sync.cli.__path__)
    elsewhere = {
        f"{path.name}:{node.lineno}"
        for path in folder.glob("*.py")
        if path.name != "output.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"print", "typer.echo", "typer.secho", "console.print"}
    }
    assert elsewhere == set()


# --- logs -----------------------------------------------------------------------------------------


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a handler that knows nothing of this writes down of a crawl."""
    before, root = logging.getLogRecordFactory(), logging.getLogger("pincali_sync.example")
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logging.Formatter("LINE %(message)s"))
    root.addHandler(handler)
    QuietLogFormatter.from_crawler(get_crawler())
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        logging.setLogRecordFactory(before)


def test_a_crawls_log_lines_are_text_and_none_can_be_forged(log: io.StringIO) -> None:
    logging.getLogger("pincali_sync.example").warning("a title: %s", f"{HOSTILE}\nLINE forged")
    assert is_text(log.getvalue())
    assert [line for line in log.getvalue().splitlines() if line.startswith("LINE")] == [
        f"LINE a title: {visible(HOSTILE.partition(chr(10))[0])}"
    ]


def test_so_are_tracebacks(log: io.StringIO) -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger("pincali_sync.example").exception("parsing failed")
    assert is_text(log.getvalue())
    assert "Traceback (most recent call last):\n" in log.getvalue()
    assert r"\x1b]0;owned\x07" in log.getvalue()


def test_the_command_line_makes_such_records_too() -> None:
    before = logging.getLogRecordFactory()
    root = logging.getLogger()
    handlers, level, root.handlers = root.handlers, root.level, []
    try:
        pincali_sync.cli.app.configure_logging()
        assert logging.getLogRecordFactory() is VisibleRecord
    finally:
        root.handlers = handlers
        root.setLevel(level)
        logging.setLogRecordFactory(before)
