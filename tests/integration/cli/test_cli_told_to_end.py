"""A command that is told to end leaves nothing half done behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.slow
_PATIENCE_SECONDS = 60


@pytest.fixture(autouse=True)
def hears_hangups() -> Iterator[None]:
    """Commands do, though these tests may run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def _export(database_url: str, folder: Path, *before: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pincali_sync.cli", "export", "--format", "csv"]
    return subprocess.Popen(
        [*before, *command, "--output", str(folder / "live.csv")],
        env={**os.environ, "DATABASE_URL": database_url, "PINCALI_HOME": str(folder.parent / "h")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGHUP])
def test_an_export_that_is_told_to_end_leaves_no_file(
    database_url: str, tmp_path: Path, order: signal.Signals
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with psycopg.connect(database_url) as holding:
        holding.execute("LOCK TABLE properties_live")
        process = _export(database_url, folder)
        _wait_for_a_file(folder)
        process.send_signal(order)
        process.communicate(timeout=_PATIENCE_SECONDS)
    assert process.returncode == 128 + order
    assert [*folder.iterdir()] == []


def test_an_export_under_nohup_outlives_the_terminal(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with psycopg.connect(database_url) as holding:
        holding.execute("LOCK TABLE properties_live")
        process = _export(database_url, folder, "nohup")
        _wait_for_a_file(folder)
        process.send_signal(signal.SIGHUP)
    process.communicate(timeout=_PATIENCE_SECONDS)
    assert process.returncode == 0
    assert [path.name for path in folder.iterdir()] == ["live.csv"]


def _wait_for_a_file(folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not [*folder.iterdir()]:
        assert time.monotonic() < deadline, "the export began no file"
        time.sleep(0.05)
