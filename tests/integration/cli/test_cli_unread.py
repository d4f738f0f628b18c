"""Whoever reads what a command writes may have enough of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("words", [["--help"], ["schema", "listing"], ["config", "--json"]])
def test_a_reader_that_stops_is_no_failure_of_the_command(tmp_path: Path, words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as nobody:
        ran = subprocess.run(
            [sys.executable, "-m", "pincali_sync.cli", *words],
            env={**os.environ, "PINCALI_HOME": str(tmp_path)},
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (128 + signal.SIGPIPE, b"")
