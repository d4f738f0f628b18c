"""Jobs as processes of this machine: whoever waits for one and is told to end takes it along."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from pincali_sync.config import load_config
from pincali_sync.runner import local
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.ports import JobSpec

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
