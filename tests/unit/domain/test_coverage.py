"""Whether what a scan read is enough to go by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pincali_sync.domain.coverage import (
    Certificate,
    SourceScan,
    certify,
    reasons_to_distrust,
    too_many_lost,
)
from pincali_sync.domain.walk_summary import SHORT

START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


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


def full_scan(
    *,
    read: int = 100,
    lost: int = 0,
    pages: int | None = 100,
    found: int = 2_400,
    total: int | None = 2_400,
    at_start: int | None = 2_400,
    hours: float = 1,
) -> SourceScan:
    return SourceScan(
        source="sale",
        pages_read=read,
        pages_lost=lost,
        entries=found,
        dropped=0,
        new_entries=0,
        changed_entries=0,
        distinct_properties=found,
        declared_total=total,
        declared_pages=pages,
        total_at_start=at_start,
        started_at=START,
        ended_at=START + timedelta(hours=hours),
        pages_wanted=pages,
    )


def test_a_complete_scan_is_certified_and_proves_absence() -> None:
    certificate = certify(full_scan(), expected=2_390)
    assert certificate.certified
    assert certificate.proves_absence


def test_the_first_certified_scan_sets_the_expectation_and_proves_no_absence() -> None:
    certificate = certify(full_scan(), expected=None)
    assert certificate.certified
    assert not certificate.proves_absence


@pytest.mark.parametrize(
    ("scan", "reason"),
    [
        (full_scan(read=99), "99 of 100 pages read"),
        (full_scan(lost=1), "1 pages lost"),
        (full_scan(pages=None), "the scan did not come to its end"),
        (
            replace(full_scan(), gaps=(f"plain: page 3 {SHORT}", f"plain: page 7 {SHORT}")),
            f"2 pages that lack cards, such as plain: page 3 {SHORT}",
        ),
        (full_scan(found=2_387), "2387 different listings of 2400 declared"),
        (
            full_scan(at_start=2_420),
            "the declared total went from 2420 to 2400 during the scan",
        ),
        (
            full_scan(found=1_190, total=1_190, at_start=1_190),
            "1190 listings, 2390 were expected",
        ),
    ],
)
def test_an_incomplete_scan_is_not_certified(scan: SourceScan, reason: str) -> None:
    certificate: Certificate = certify(scan, expected=2_390)
    assert certificate.reasons == (reason,)
    assert not certificate.proves_absence


def test_a_long_scan_may_see_more_of_the_market_move() -> None:
    moved = {"at_start": 2_440, "total": 2_400, "found": 2_400}
    assert not certify(full_scan(**moved), expected=2_400).certified
    assert certify(full_scan(**moved, hours=30), expected=2_400).certified


def test_a_source_without_any_listing_may_be_certified_where_none_was_expected() -> None:
    empty = full_scan(read=1, pages=1, found=0, total=0, at_start=0)
    assert certify(empty, expected=0).proves_absence
    assert not certify(empty, expected=40).certified
