"""What becomes of a run whose command ended before it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from pincali_sync.cli import tier_runner
from pincali_sync.cli.app import run
from tests.support.stage import FakeRunner

ROOT = Path(__file__).parents[3]
_PATIENCE_SECONDS = 60
# A program as it is, with nodes that take jobs and do nothing.
PROGRAM = """
import signal
import sys
from importlib import import_module
from tests.support.stage import FakeRunner

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
nodes = FakeRunner()
for name in ("tier_commands", "tier_runner"):
    import_module(f"pincali_sync.cli.{name}").build_runner = lambda config: nodes
sys.exit(import_module(f"pincali_sync.cli.{sys.argv.pop(1)}").main())
"""


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


@pytest.mark.slow
@pytest.mark.parametrize("words", [("app", "tier1"), ("tier_runner", "--tier", "1", "--wait")])
@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM])
def test_a_tier_that_is_told_to_end_says_what_stays_and_how_to_end_that(
    database_url: str, order: signal.Signals, words: Sequence[str]
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=ROOT,
        env={**os.environ, "DISPLAY_LANGUAGE": "en"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    run_id = _run_with_a_job(database_url)
    process.send_signal(order)
    out, err = process.communicate(timeout=_PATIENCE_SECONDS)
    assert (process.returncode, out) == (128 + order, "")
    assert err.splitlines() == [
        f"run {run_id[:8]} of tier 1 stays open and its jobs go on: `pincali-sync cancel "
        f"{run_id[:8]}` ends it, `pincali-sync pause` stops all requests"
    ]


def _run_with_a_job(database_url: str) -> str:
    """The id of the run, once the program has given its first job to a node."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with psycopg.connect(database_url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = connection.execute("SELECT run_id FROM sync_run_jobs").fetchone()
            if row:
                return str(row[0])
            time.sleep(0.05)
    raise AssertionError("the program gave no job")
