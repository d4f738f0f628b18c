"""The fuzz run: a thousand inputs of its hundred thousand, and that it would notice faults."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pincali_sync.items import ListingPage
from tests.fuzz.nonsense import nonsense_in
from tests.fuzz.run import Summary, input_of, run
from tests.support.builders import detail, entry, sale

INPUTS = 1_000
ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_a_thousand_mutated_pages_leave_no_fault() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--inputs", str(INPUTS)]
    fuzz = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert fuzz.returncode == 0, fuzz.stdout + fuzz.stderr
    assert f"{INPUTS:,} inputs" in fuzz.stdout


def test_an_input_is_a_function_of_seed_and_number() -> None:
    assert input_of(1, 7) == input_of(1, 7)
    assert len({input_of(1, 7), input_of(1, 8), input_of(2, 7)}) == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"bedrooms": 999},
        {"price": Decimal(10) ** 13},
        {"title": "a" * 501},
        {"title": "\u202ea"},
        {"title": "\x1b[31m"},
        {"features": ("a\x07",)},
        {"amenities": {"\x9b": ("b",)}},
        {"agent_phone": "call me"},
        {"image_urls": ("https://photos.invalid/a.jpg",)},
        {"source_url": "https://www.pincali.com/en/home/.."},
        {"latitude": 91.0},
        {"offers": (sale(1), sale(2))},
        {"offers": (sale(0),)},
    ],
)
def test_nonsense_in_a_row_is_a_fault(fields: dict[str, Any]) -> None:
    assert nonsense_in(detail("casa-a")) == []
    assert len(nonsense_in(replace(detail("casa-a"), **fields))) == 1


def test_nonsense_in_a_card_is_a_fault() -> None:
    page = ListingPage(
        total_listings=1, total_pages=1, next_page=None, entries=(entry("a", bedrooms=100),)
    )
    assert len(nonsense_in(page)) == 1


def test_an_error_that_is_not_declared_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.run.PARSERS", {"broken": lambda body: body.index(b"\0\0\0")})
    summary = run(1, range(1)) + Summary()
    assert (summary.inputs, len(summary.faults)) == (1, 1)
