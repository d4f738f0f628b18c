"""Whether a scan is like the ones before it."""

from __future__ import annotations

from dataclasses import replace

from pincali_sync.domain.anomalies import ScanShape, anomalies_of

USUAL = ScanShape(pages=40, cards=960, unreadable=0, new=48, priced=940)
# A little different each time, as scans are.
BEFORE = [replace(USUAL, new=48 + n, priced=940 - n) for n in range(5)]


def told(scan: ScanShape, before: list[ScanShape] = BEFORE) -> list[str]:
    return [anomaly.what for anomaly in anomalies_of(scan, before)]


def test_a_scan_like_the_ones_before_is_usual() -> None:
    assert told(USUAL) == []


def test_cards_that_lost_their_prices_are_noticed() -> None:
    assert told(replace(USUAL, priced=700)) == ["share of cards with a price"]
    assert told(replace(USUAL, priced=900)) == []  # four points fewer: some came on request


def test_no_prices_at_all_are_noticed_without_any_scan_before() -> None:
    assert told(replace(USUAL, priced=0), []) == ["share of cards with a price"]
    assert told(replace(USUAL, priced=300), []) == []


def test_half_empty_pages_are_noticed() -> None:
    assert "cards per page" in told(replace(USUAL, cards=480, priced=470, new=24))
    assert told(replace(USUAL, cards=900, priced=880)) == []


def test_a_flood_of_new_cards_is_noticed_and_a_busy_day_is_not() -> None:
    assert told(replace(USUAL, new=600)) == ["share of new cards"]
    assert told(replace(USUAL, new=200)) == []


def test_cards_that_cannot_be_read_are_noticed() -> None:
    assert "share of unreadable cards" in told(
        replace(USUAL, cards=820, priced=800, unreadable=140)
    )
    assert told(replace(USUAL, cards=940, priced=920, unreadable=20)) == []


def test_nothing_is_usual_before_four_scans() -> None:
    assert told(replace(USUAL, new=600), BEFORE[:3]) == []


def test_one_odd_scan_among_the_ones_before_moves_nothing() -> None:
    odd = replace(USUAL, cards=30, priced=0, new=0, pages=2)
    assert told(USUAL, [*BEFORE, odd]) == []
    assert "cards per page" in told(replace(USUAL, cards=480, priced=470, new=24), [*BEFORE, odd])


def test_ever_changing_scans_make_wide_bounds() -> None:
    restless = [replace(USUAL, new=n) for n in (10, 300, 20, 500, 100, 400)]
    assert told(replace(USUAL, new=700), restless) == []


def test_a_handful_of_cards_tells_nothing() -> None:
    few = ScanShape(pages=1, cards=20, unreadable=0, new=20, priced=0)
    assert told(few, []) == []


def test_scans_from_before_prices_were_counted_are_no_measure_of_prices() -> None:
    uncounted = [replace(each, priced=None) for each in BEFORE]
    assert told(replace(USUAL, priced=700), uncounted) == []
