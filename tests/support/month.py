"""A simulated month in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import IO, Any

_COMMAND = ("simulate", "--days=28", "--listings=3000", "--json")


class MonthProcess:
    """Plays while other tests run; told apart from them by its own database and site."""

    def __init__(self) -> None:
        self._output: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115  # read when it ends
        self._errors: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pincali_sync.cli", *_COMMAND],
            stdout=self._output,
            stderr=self._errors,
            text=True,
            env={**os.environ, "DATABASE_URL": ""},
        )

    def report(self) -> dict[str, Any]:
        """What it found, once it has ended."""
        self._process.wait()
        self._output.seek(0)
        self._errors.seek(0)
        said = self._output.read()
        if not said:
            raise AssertionError(f"the month was not played: {self._errors.read()[-2000:]}")
        report: dict[str, Any] = json.loads(said)
        return report

    def stop(self) -> None:
        """Ends it; a second call does nothing."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
