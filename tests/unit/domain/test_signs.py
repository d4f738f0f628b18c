"""Letters with their accents, and without."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.domain.signs import composed, without_accents

HEAPS = ["\u0301\u0327", "\uff9e\u0301", "\u0f73", "\U0001d165\u0301", "e\u0301"]


@given(st.text())
def test_text_is_composed_once_and_for_all(text: str) -> None:
    assert composed(composed(text)) == composed(text)
    assert unicodedata.normalize("NFC", text) == unicodedata.normalize("NFC", composed(text))


@pytest.mark.parametrize("text", ["Me\u0301xico", "México"])
def test_one_word_is_written_in_one_way(text: str) -> None:
    assert composed(text) == "México"
    assert without_accents(text) == "Mexico"


@given(st.text())
def test_without_accents_is_without_any_mark(text: str) -> None:
    parts = unicodedata.normalize("NFKD", text)
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    assert without_accents(text) == plain


@pytest.mark.parametrize("heap", HEAPS)
def test_heaps_of_marks_take_no_time(heap: str) -> None:
    text = "a" + heap * 100_000
    began = time.process_time()
    composed(text)
    without_accents(text)
    assert time.process_time() - began < 1
