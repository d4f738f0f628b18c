"""What the site wrote is shown as text by every command that shows it."""

from __future__ import annotations

import asyncio

import pytest

from pincali_sync.bootstrap import open_services
from pincali_sync.config import load_config
from tests.support.builders import add_live, add_queued, id_of, rows
from tests.support.cli import as_json, say

TITLE = "[/x] [red]casa\x1b]0;owned\x07\x1b[2J\x9b31m \u202eroja\r"
RUN = "0f000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def _a_database_with_hostile_text(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SCRAPYD_URLS", "http://127.0.0.1:1")
    asyncio.run(_write())


async def _write() -> None:
    async with open_services(load_config()) as services:
        await add_live(services.db, "blue-house", title=TITLE, listing_status="active")
        await add_queued(
            services.db,
            "blue-house",
            services.clock,
            status="failed",
            completed_at=services.clock.now(),
            last_error=TITLE,
        )
        await rows(
            services.db,
            """INSERT INTO sync_runs (id, tier_level, tier_name, status, error_summary,
                                      completed_at)
               VALUES (CAST(:id AS uuid), 1, 'new listings', 'failed', :title, now())""",
            id=RUN,
            title=TITLE,
        )


@pytest.mark.parametrize(
    ("words", "shows"),
    [
        (("explain", id_of("blue-house")), r"\x1b[2J"),
        (("dead-letters",), r"\x1b[2J"),
        (("history",), r"\x1b[2J"),
        (("status",), "failed"),
        (("pause", "--reason", TITLE), "paused"),
        (("explain", TITLE), r"\x1b[2J"),
        (("removals", "show", TITLE), r"\x1b[2J"),
        (("explain", id_of("blue-house"), "--json"), r"\u001b[2J"),
    ],
)
def test_no_command_sends_markup_or_escapes_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    shows: str,
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setattr("pincali_sync.cli.output.console.width", 240)
    status, out, err = say(capsys, *words)
    assert status == (2 if TITLE in words and words[0] != "pause" else 0), err
    assert shows in out + err
    assert all(each.isprintable() or each == "\n" for each in out + err)
    if words[0] == "explain" and status == 0:
        assert "[/x] [red]casa" in out


def test_a_runs_id_is_found_by_its_first_digits_and_by_no_wildcard(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert as_json(capsys, "history", RUN[:3])["id"] == RUN
    for wildcard in ("%", "_", "0f______", "%000", "\\"):
        status, _, err = say(capsys, "history", wildcard)
        assert (status, "no run id begins with" in err) == (2, True), wildcard
