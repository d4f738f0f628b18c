"""What `alerts` says while nobody judges whether something is the matter."""

from __future__ import annotations

import pytest

from pincali_sync.services.insights.snapshot import RUNNER
from tests.support.cli import say
from tests.support.postgres import execute

REMEDY = "No alert is judged without it. Is cron calling scripts/tier_runner.py?"


@pytest.fixture(autouse=True)
def configured(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)


def tick(database_url: str, minutes_ago: int) -> None:
    execute(
        database_url,
        f"""INSERT INTO service_heartbeats (name, at)
            VALUES ('{RUNNER}', now() - interval '{minutes_ago} minutes')""",
    )


def test_all_is_well_as_long_as_somebody_looks(
    capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    tick(database_url, minutes_ago=14)
    status, out, _ = say(capsys, "alerts")
    assert status == 0
    assert out.startswith("Nothing is the matter, as far as the last tick saw (")


def test_nothing_is_said_to_be_well_while_nobody_looks(
    capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    status, out, _ = say(capsys, "alerts")
    assert status == 0
    assert out.startswith(f"The tier runner never did its work on this database. {REMEDY}")
    tick(database_url, minutes_ago=17)
    _, out, _ = say(capsys, "alerts")
    assert out.startswith("The tier runner last did its work at ")
    assert REMEDY in out
    assert "Nothing is the matter" not in out


def test_what_was_open_is_shown_with_it(
    capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    execute(
        database_url,
        """INSERT INTO alert_incidents (alert, subject, severity, message, value, opened_at)
           VALUES ('QueueBacklog', '', 'warning', 'much waits', 1, now())""",
    )
    _, out, _ = say(capsys, "alerts")
    assert "QueueBacklog" in out
    assert REMEDY in out
    status, out, err = say(capsys, "alerts", "--json")
    assert (status, out[0]) == (0, "[")
    assert REMEDY in err
