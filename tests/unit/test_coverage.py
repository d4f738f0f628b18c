"""Whether what a scan read is enough to go by."""

from __future__ import annotations

import pytest

from pincali_sync.domain.coverage import SourceScan, reasons_to_distrust, too_many_lost


def scan(
    source: str = "sale",
    *,
    read: int = 10,
    lost: int = 0,
    entries: int = 240,
    declared: int | None = 5_000,
) -> SourceScan:
    return SourceScan(
        source=source,
        pages_read=read,
        pages_lost=lost,
        entries=entries,
        dropped=0,
        new_entries=0,
        changed_entries=0,
        distinct_properties=entries,
        declared_total=declared,
        declared_pages=10,
    )


def test_a_scan_that_read_everything_is_trusted() -> None:
    assert reasons_to_distrust([scan("sale"), scan("rent")]) == []


@pytest.mark.parametrize(
    ("read", "lost", "too_many"), [(90, 10, False), (89, 11, True), (9, 1, False), (0, 1, True)]
)
def test_a_tenth_of_the_pages_may_be_lost_and_no_more(
    read: int, lost: int, *, too_many: bool
) -> None:
    assert too_many_lost(read, lost) is too_many
    reasons = reasons_to_distrust([scan(read=read, lost=lost)])
    assert any("more than a tenth" in reason for reason in reasons) is too_many


def test_lost_pages_are_counted_over_all_sources() -> None:
    assert reasons_to_distrust([scan(read=8, lost=2), scan("rent", read=90)]) == []


def test_a_scan_that_asked_for_nothing_is_not_trusted() -> None:
    assert reasons_to_distrust([]) == ["no page was asked for"]
    assert reasons_to_distrust([scan(read=0)]) == ["no page was asked for"]


def test_pages_without_any_listing_are_a_fault_not_an_empty_market() -> None:
    [reason] = reasons_to_distrust([scan(entries=0, declared=None)])
    assert reason == "no listing on any page: an outage, or markup that changed"


def test_one_source_without_listings_is_a_fault_where_it_declares_some() -> None:
    scans = [scan("sale"), scan("foreclosure", read=3, entries=0, declared=70)]
    assert reasons_to_distrust(scans) == [
        "foreclosure: no listing on 3 pages that declare 70",
    ]


@pytest.mark.parametrize("declared", [0, None])
def test_a_source_that_declares_no_listing_may_have_none(declared: int | None) -> None:
    empty = scan("foreclosure", read=1, entries=0, declared=declared)
    assert reasons_to_distrust([scan("sale"), empty]) == []
