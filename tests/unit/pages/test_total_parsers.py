"""Any text at all gives a result or the one declared error, and results within reason."""

from __future__ import annotations

from decimal import Decimal
from unicodedata import bidirectional, category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pincali_sync.domain.identity import canonical_url, slug_of
from pincali_sync.domain.numbers import MAX_INTEGER, decimal_of, integer_of
from pincali_sync.domain.prices import Operation, parse_offer
from pincali_sync.exceptions import PageError
from pincali_sync.pages.facts import Chip, read_facts
from pincali_sync.pages.photos import photo_url
from pincali_sync.pages.places import coordinates_in_url, coordinates_of, place_of
from pincali_sync.pages.text import clean, one_line
from tests.fuzz.edits import TEXTS
from tests.support.parsers import DETAIL_URL, PARSERS, parsed

WORDS = st.sampled_from(
    [
        *(text.decode("utf-8", "replace") for text in TEXTS),
        *("$", "US$ ", "MXN", " por m²", "/ha", "From ", "For Sale", "En Renta", "1,234.50", "12"),
        *(" bedrooms", " baños", " medio baño", " m²", "Piso ", "Year Built: ", "Age: ", "fa-bed "),
        *("House", " in ", " en ", ", ", "Zapopan", "&", "<", ">", '"', "'", "\\", "/", "%", "?q="),
    ]
)
LINES = st.lists(WORDS | st.text(max_size=12), max_size=12).map("".join)
NUMBERS = st.floats() | st.integers() | LINES


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=40)
@given(body=st.binary(max_size=300) | LINES.map(lambda line: line.encode("utf-8", "replace")))
def test_any_bytes_give_a_result_or_the_declared_error(name: str, body: bytes) -> None:
    parsed(PARSERS[name], body)


@given(LINES)
def test_text_keeps_what_is_seen_and_nothing_else(line: str) -> None:
    kept = clean(line)
    assert clean(kept) == kept
    for sign in kept or "":
        assert category(sign) != "Cs"
        assert category(sign) != "Cc" or sign in "\n\t"
        assert bidirectional(sign) not in {"LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI", "FSI"}
    if len(line) < 20_000:  # beyond, a line is cut where it stands
        assert one_line(kept) == one_line(line)


@given(LINES)
def test_an_amount_is_above_nothing_and_within_reason(price: str) -> None:
    offer = parse_offer(price, default=Operation.SALE)
    if offer is not None and offer.amount is not None:
        assert Decimal(0) < offer.amount <= 10**12
        assert offer.amount == round(offer.amount, 2)


@given(LINES)
def test_a_number_is_finite_and_fits_its_column(line: str) -> None:
    number = decimal_of(line)
    assert number is None or number.is_finite()
    assert 0 <= (integer_of(line) or 0) <= MAX_INTEGER


@given(st.lists(st.builds(Chip, LINES, LINES), max_size=6))
def test_facts_are_within_reason(chips: list[Chip]) -> None:
    facts = read_facts(chips)
    assert all(value >= 0 for value in facts.values())  # type: ignore[operator]
    assert max(facts.get("bedrooms", 0), facts.get("bathrooms", 0)) < 100
    assert all(facts.get(name, 0) < 10**8 for name in ("total_area_m2", "lot_size_m2"))  # type: ignore[operator]


@given(LINES)
def test_a_place_fits_its_columns(line: str) -> None:
    place = place_of(line)
    assert len(place["property_type"] or "") <= 100
    assert max(len(place["neighborhood"] or ""), len(place["city"] or "")) <= 255


@given(NUMBERS, NUMBERS)
def test_a_point_is_in_mexico(latitude: object, longitude: object) -> None:
    for point in (coordinates_of(latitude, longitude), coordinates_in_url(f"?q={latitude}")):
        assert point is None or (13 < point.latitude < 34 and -120 < point.longitude < -85)


@given(LINES)
def test_a_slug_is_one_part_of_a_path_and_reads_as_itself(line: str) -> None:
    try:
        slug = slug_of(f"/inmueble/{line}")
    except PageError:
        return
    assert slug not in {"", ".", ".."}
    assert not set(slug) & set("/\\?#% \t\n\u202e")
    assert slug_of(canonical_url(f"/en/home/{slug}")) == slug


@given(LINES)
def test_a_photo_is_a_whole_url_of_the_sites_hosts(line: str) -> None:
    url = photo_url(line, DETAIL_URL)
    assert url is None or url.startswith(
        ("https://assets.easybroker.com", "https://www.pincali.com", "https://pincali.com", "http:")
    )
