"""Whether what a scan read is enough to go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pincali_sync.domain.corners import corners_of
from pincali_sync.domain.coverage import (
    Certificate,
    LowerMark,
    SourceScan,
    certify,
    reasons_to_distrust,
    too_many_lost,
)
from pincali_sync.domain.walk_summary import SHORT, UNREAD, Hole

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
    holes: Sequence[Hole] = (),
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
        holes=tuple(holes),
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
        (
            replace(full_scan(read=101), gaps=(f"1 {UNREAD}, such as page 3 of type=29058",)),
            f"1 {UNREAD}, such as page 3 of type=29058",
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
    moved: dict[str, Any] = {"at_start": 2_440, "total": 2_400, "found": 2_400}
    assert not certify(full_scan(**moved), expected=2_400).certified
    assert certify(full_scan(**moved, hours=30), expected=2_400).certified


@pytest.mark.parametrize(("at_end", "is_certified"), [(41, True), (42, False)])
def test_the_total_of_a_small_source_may_move_by_one(at_end: int, *, is_certified: bool) -> None:
    moved = full_scan(at_start=40, total=at_end, found=at_end)
    assert certify(moved, expected=40).certified is is_certified


def test_a_source_without_any_listing_may_be_certified_where_none_was_expected() -> None:
    empty = full_scan(read=1, pages=1, found=0, total=0, at_start=0)
    assert certify(empty, expected=0).proves_absence
    assert not certify(empty, expected=40).certified


@pytest.mark.parametrize(
    ("before", "days", "is_certified"),
    [
        (1_000, 7, True),
        (1_000, 3, True),
        (1_000, 2.9, False),  # as an outage lasts
        (1_100, 7, True),
        (1_120, 7, False),
        (900, 7, False),
        (1_120, 300, False),
        (0, 7, False),
    ],
)
def test_a_source_that_shrank_is_certified_when_a_scan_long_after_finds_as_few(
    before: int, days: float, *, is_certified: bool
) -> None:
    few = full_scan(found=1_000, total=1_000, at_start=1_000)
    lower = LowerMark(source="sale", listings=before, issued_at=START - timedelta(days=days))
    certificate = certify(few, expected=2_400, lower=lower)
    assert certificate.certified is is_certified
    assert not certificate.proves_absence
    assert certify(full_scan(), expected=2_400, lower=lower).proves_absence
    lost = certify(replace(few, pages_lost=1), expected=2_400, lower=lower)
    assert not lost.certified


def test_that_a_source_has_nothing_any_more_is_never_confirmed() -> None:
    empty = full_scan(read=1, pages=1, found=0, total=0, at_start=0)
    for listings in (0, 1):
        lower = LowerMark(source="sale", listings=listings, issued_at=START - timedelta(days=7))
        assert not certify(empty, expected=40, lower=lower).certified


# --- but for corners ------------------------------------------------------------------------------

LOTS = Hole(out_of_reach=200, listings=900, property_type=29059, place="zapopan-jalisco")


def test_what_is_known_to_be_out_of_reach_is_not_wanting() -> None:
    assert not certify(full_scan(found=2_200), expected=2_400).certified
    certificate = certify(full_scan(found=2_200, holes=[LOTS]), expected=2_400)
    assert certificate.proves_absence
    assert [str(each) for each in certificate.corners] == ["lot in zapopan-jalisco"]


@pytest.mark.parametrize(
    ("holes", "found", "reason"),
    [
        ([LOTS], 2_150, "2150 different listings of 2400 declared, and 200 out of reach"),
        (
            [replace(LOTS, out_of_reach=700), replace(LOTS, place=None, out_of_reach=501)],
            1_300,
            "1201 listings of 2400 are out of reach",
        ),
        (
            [LOTS, Hole(out_of_reach=30, listings=2_400, unpriced_only=True)],
            2_200,
            "230 listings are out of reach anywhere",
        ),
        ([Hole(out_of_reach=30, property_type=1)], 2_400, "30 listings are out of reach anywhere"),
    ],
)
def test_a_source_is_not_certified_where_too_much_may_be_anywhere(
    holes: list[Hole], found: int, reason: str
) -> None:
    certificate = certify(full_scan(found=found, holes=holes), expected=2_400)
    assert (certificate.reasons, certificate.corners) == ((reason,), ())


def test_a_hole_that_lacks_no_more_than_any_scan_may_is_none() -> None:
    holes = [replace(LOTS, out_of_reach=4), Hole(out_of_reach=12, listings=2_400)]
    certificate = certify(full_scan(found=2_390, holes=holes), expected=2_400)
    assert (certificate.proves_absence, certificate.corners) == (True, ())
    [corner] = certify(
        full_scan(found=2_390, holes=[replace(LOTS, out_of_reach=1, listings=None)]), expected=1
    ).corners
    assert corner.out_of_reach == 1, "it may be all of a small one"


@pytest.mark.parametrize(
    ("place", "state", "within"),
    [
        (None, None, None),
        ("jalisco", "jalisco", None),
        ("zapopan-jalisco", "jalisco", "zapopan"),
        ("chapalita-zapopan-jalisco", "jalisco", "chapalita-zapopan"),
        ("la-paz-baja-california-sur", "baja-california-sur", "la-paz"),
        ("benito-juarez-ciudad-de-mexico", "ciudad-de-mexico", "benito-juarez"),
        ("puebla-puebla", "puebla", "puebla"),
        ("toluca-edomex", None, "toluca-edomex"),
    ],
)
def test_a_holes_place_is_taken_apart(
    place: str | None, state: str | None, within: str | None
) -> None:
    [corner] = corners_of([replace(LOTS, place=place)], negligible=0.005)
    assert (corner.state, corner.within, corner.property_type) == (state, within, "lot")
