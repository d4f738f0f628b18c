"""Commands as an operator types them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pincali_sync.cli.app import app, run


def say(capture: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit status of a command, and what it said on standard output and standard error."""
    status = run(app, words)
    said = capture.readouterr()
    return status, said.out, said.err


def as_json(capture: pytest.CaptureFixture[str], *words: str) -> Any:
    """What a command that succeeds says to machines."""
    status, out, err = say(capture, *words, "--json")
    assert status == 0, err
    return json.loads(out)
