"""What benchmarks say that a program took."""

from __future__ import annotations

import os

import pytest

from bench.programs import run


def test_a_program_is_not_charged_with_what_the_benchmark_holds() -> None:
    held = bytearray(os.urandom(1)) * 300_000_000

    took = run(["this"], os.environ)

    assert took.peak_mb < 100
    assert took.seconds > 0
    assert len(held) == 300_000_000


def test_a_program_that_failed_has_no_figures() -> None:
    with pytest.raises(RuntimeError, match="no_such_module failed"):
        run(["no_such_module"], os.environ)
