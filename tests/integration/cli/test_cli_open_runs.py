"""What becomes of a run whose command ended before it."""

from __future__ import annotations

import psycopg
import pytest

from pincali_sync.cli import tier_runner
from pincali_sync.cli.app import run
from tests.support.stage import FakeRunner


@pytest.fixture(autouse=True)
def nodes_that_take_jobs(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DETAIL_TRANSPORT", "http")
    monkeypatch.setattr(tier_runner, "build_runner", lambda _config: FakeRunner())


@pytest.mark.parametrize(("words", "tiers"), [(["--open"], [1]), ([], [1, 3])])
def test_what_carries_an_open_run_on_starts_no_other_when_told_so(
    database_url: str, words: list[str], tiers: list[int]
) -> None:
    assert run(tier_runner.app, ["--tier", "1"]) == 0
    assert run(tier_runner.app, words) == 0
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT tier_level FROM sync_runs ORDER BY tier_level")
        assert [tier for (tier,) in found] == tiers


def test_to_start_a_tier_and_to_start_none_is_wrong_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(tier_runner.app, ["--tier", "1", "--open"]) == 2
    assert "--tier starts a run, --open starts none" in capsys.readouterr().err
