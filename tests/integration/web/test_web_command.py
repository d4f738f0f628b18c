"""`pincali-sync web`: it starts, says where, and ends when it is told to."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest

from pincali_sync.cli.app import app, run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_leaves_nothing_behind(
    database_url: str, tmp_path: Path, order: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pincali_sync.cli", "web", "--port", "0"],
        env={**os.environ, "DATABASE_URL": database_url, "PINCALI_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.fullmatch(r"dashboard ready at (http://127\.0\.0\.1:\d+)\n", said)
        assert found, said
        assert httpx.get(f"{found[1]}/healthz").text == "ok\n"
        assert "Overview" in httpx.get(found[1]).text
    finally:
        process.send_signal(order)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pincali-sync'"
            " AND datname = current_database()"
        ).fetchone()
    assert row == (0,)


def test_a_port_that_is_taken_is_said_at_once(
    database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(app, ["web", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"cannot listen on 127.0.0.1 port {port}" in said
    assert "Choose another with --port" in said


def test_an_empty_host_opens_the_dashboard_to_nobody(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://x:y@127.0.0.1:1/nothing")
    assert run(app, ["web", "--host", "", "--port", "0"]) == 2
    assert "--host is empty" in capsys.readouterr().err


def test_a_database_that_is_down_is_said_at_the_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://x:y@127.0.0.1:1/nothing")
    assert run(app, ["web", "--port", "0"]) == 1
    assert "cannot be reached" in capsys.readouterr().err
