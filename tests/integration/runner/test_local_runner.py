"""Jobs as processes of this machine: whoever waits for one and is told to end takes it along."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pincali_sync.config import load_config
from pincali_sync.exceptions import RunnerError
from pincali_sync.runner import local
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.ports import JobSpec
from pincali_sync.variables import LOCAL_RUNNER

# What a spider does at SIGTERM: it tidies up, then ends.
ORDERLY = """
import signal, sys, time
def end(*_):
    print("leases given back", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("at work", flush=True)
time.sleep(60)
"""


async def test_a_job_in_the_foreground_ends_in_order_with_whoever_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_command", lambda _: [sys.executable, "-c", ORDERLY])
    runner = LocalJobRunner(load_config(pincali_home=tmp_path))
    spec = JobSpec(job_id=uuid4(), spider="detail")
    waiting = asyncio.create_task(runner.run(spec))
    log = runner.log_of(spec.job_id)
    while not (log.exists() and "at work" in log.read_text()):  # noqa: ASYNC110  # a process
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert log.read_text().splitlines() == ["at work", "leases given back"]


async def test_a_process_whose_id_cannot_be_noted_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_command", lambda _: [sys.executable, "-c", ORDERLY])
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def is_full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def start(*args: Any, **how: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*args, **how))
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(local, "write_private", is_full)
    runner = LocalJobRunner(load_config(pincali_home=tmp_path))
    with pytest.raises(RunnerError, match="was stopped, as its id could not be noted"):
        await runner.start(JobSpec(job_id=uuid4(), spider="detail"), LOCAL_RUNNER)
    assert await asyncio.to_thread(started[0].wait) is not None


@pytest.mark.parametrize("noted", ["", "\n", "no number", "-1"])
async def test_a_job_whose_id_was_not_noted_whole_is_cancelled_all_the_same(
    tmp_path: Path, noted: str
) -> None:
    runner, job_id = LocalJobRunner(load_config(pincali_home=tmp_path)), uuid4()
    await runner.look()
    file = runner.log_of(job_id).with_suffix(".pid")
    file.write_text(noted)
    await runner.cancel(job_id, LOCAL_RUNNER)
    assert not file.exists()
    await runner.cancel(job_id, LOCAL_RUNNER)
