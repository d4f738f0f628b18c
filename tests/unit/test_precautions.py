"""What is said of root and of a `.env` that others can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pincali_sync.cli import tier_runner
from pincali_sync.cli.app import run
from pincali_sync.cli.tier_runner import Ticked
from pincali_sync.doctor.precautions import precautions, warn_once_a_day

YESTERDAY = 24 * 60 * 60 + 60


def test_nothing_is_said_of_a_plain_user_with_a_private_file(env_file: Path) -> None:
    assert precautions() == []
    env_file.unlink()
    assert precautions() == []


@pytest.mark.parametrize("mode", [0o644, 0o606, 0o602])
def test_a_file_that_every_user_can_read_is_named_with_the_remedy(
    env_file: Path, mode: int
) -> None:
    env_file.chmod(mode)
    [line] = precautions()
    assert f"can read {env_file}: chmod 600 {env_file}" in line


@pytest.mark.usefixtures("env_file")
def test_root_is_named_as_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    [line] = precautions()
    assert line.startswith("running as root: ")
    assert "docs/security.md" in line


def test_the_tier_runner_says_it(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def tick(*_: object, **__: object) -> Ticked:
        return [], []

    monkeypatch.setattr(tier_runner, "_watched_tick", tick)
    monkeypatch.setenv("PINCALI_HOME", str(env_file.parent))
    env_file.chmod(0o644)
    assert run(tier_runner.app, []) == 0
    assert f"take care: every user of this machine can read {env_file}" in caplog.text


def test_it_is_said_once_a_day(env_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    env_file.chmod(0o644)
    home = env_file.parent / "home"
    home.mkdir()
    for _ in range(2):
        warn_once_a_day(home, precautions())
    assert len(caplog.records) == 1
    marker = home / "logs" / "precautions"
    then = marker.stat().st_mtime - YESTERDAY
    os.utime(marker, (then, then))
    warn_once_a_day(home, precautions())
    assert len(caplog.records) == 2
