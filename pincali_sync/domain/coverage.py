"""What a scan read, and whether that is enough to go by: for what it shows, and for what is absent.

A listing that is seen is there: that acts at once. A listing that is not seen is missing only if
everything was looked through: that needs a certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pincali_sync.domain.corners import Corner, corners_of
from pincali_sync.domain.walk_summary import SHORT, UNREAD, Hole

# The spec: more than a tenth of the pages lost aborts the scan.
MAX_LOST_SHARE = 0.10
# The spec: fewer than half of the expected listings is an outage, whatever the pages say.
MIN_EXPECTED_SHARE = 0.50
# Unless a scan so long before found as few: an outage is over by then, a source that shrank is not.
SHRUNK_SINCE = timedelta(days=3)
MAX_BETWEEN_SHRUNK = 0.10  # whatever churn the time between the two lets expect
# Listings shift between pages while they are read: so much of the declared total may go missing.
MIN_DISTINCT_SHARE = 0.995
# So much of it may be out of reach, in corners: beyond, no scan tells of the source.
MAX_OUT_OF_REACH = 0.5
# How far the declared total may move during a scan: by the larger of these.
MAX_DRIFT_SHARE = 0.005
CHURN_FACTOR = 3.0
EXPECTED_DAILY_CHURN = 0.005  # births and removals, of the stock: 2,000 to 2,500 of 470,000 a day
# A sitemap that lost more than this since the last one was cut off; listings do not go so fast.
MIN_SITEMAP_SHARE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceScan:
    """What one session read of one listing source."""

    source: str
    pages_read: int = 0
    pages_lost: int = 0
    entries: int = 0  # cards, repeated ones included
    dropped: int = 0  # cards that were no entry
    new_entries: int = 0
    changed_entries: int = 0
    distinct_properties: int = 0
    declared_total: int | None = None  # as the last page read declared it
    declared_pages: int | None = None
    total_at_start: int | None = None  # as the first page read declared it
    started_at: datetime | None = None  # of the first page
    ended_at: datetime | None = None
    pages_wanted: int | None = None  # by the walk, once it came to its end
    parts: int | None = None
    gaps: tuple[str, ...] = ()  # what the walk could not look through, in words
    holes: tuple[Hole, ...] = ()  # the same
    priced_entries: int | None = None  # cards with a price; None: it was not counted


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerMark:
    """What a scan found that was refused for finding too few, and for nothing else."""

    source: str
    listings: int
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Whether a scan read one source completely, and why not."""

    source: str
    certified: bool = False  # nothing speaks against it
    # The first certified scan sets the expectation and removes nothing; so does the first of a
    # source that shrank.
    proves_absence: bool = False
    reasons: tuple[str, ...] = ()  # against it
    corners: tuple[Corner, ...] = ()  # it proves no absence of who may be there
    covered: float = 1.0  # the share of the source's listings of which it may

    @property
    def exceptions(self) -> str:
        """What it leaves out, in words; empty: nothing."""
        where = "; ".join(map(str, self.corners))
        return f"{self.covered:.1%} of its listings, but not for: {where}" if self.corners else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Who a session saw on pages, who in the sitemap, who in both."""

    on_pages: int
    listed: int
    both: int

    @property
    def estimated_stock(self) -> int | None:
        """Listings there are, seen or not; None where the two have nothing in common.

        Capture and recapture, Chapman's estimator (1951): (n1 + 1)(n2 + 1) / (m + 1) - 1. It takes
        pages and sitemap for independent; where both miss the same listings it is too low.
        """
        if not self.both:
            return None
        return round((self.on_pages + 1) * (self.listed + 1) / (self.both + 1) - 1)

    @property
    def page_coverage(self) -> float | None:
        """The share of the estimated stock that the pages showed, 0 to 1."""
        stock = self.estimated_stock
        return min(1.0, self.on_pages / stock) if stock else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTotals:
    """What a pass over the sitemap read so far."""

    urls: int
    dated_at: datetime | None  # of its oldest shard
    shards_read: int
    shards: int | None  # that the index names; None: the pass did not begin
    expected: int | None  # URLs of the last complete pass; None: there was none
    shards_before: int | None = None  # that the index of the pass before named
    doubts: Sequence[str] = ()  # about shards, as they were read


def too_many_lost(read: int, lost: int) -> bool:
    """Whether more than a tenth of the pages are lost."""
    return lost > MAX_LOST_SHARE * (read + lost)


def reasons_to_distrust(scans: Sequence[SourceScan]) -> list[str]:
    """Why a scan must be counted as failed; empty: it may be used.

    A page that answers with no cards is no evidence of an empty market: a scan without a single
    listing has found a fault, of the site or of the parser.
    """
    read = sum(scan.pages_read for scan in scans)
    lost = sum(scan.pages_lost for scan in scans)
    if read + lost == 0:
        return ["no page was asked for"]
    reasons = []
    if too_many_lost(read, lost):
        reasons.append(f"{lost} of {read + lost} pages were lost, more than a tenth")
    if sum(scan.entries for scan in scans) == 0:
        reasons.append("no listing on any page: an outage, or markup that changed")
    reasons += [
        f"{scan.source}: no listing on {scan.pages_read} pages that declare {scan.declared_total}"
        for scan in scans
        if scan.pages_read and scan.entries == 0 and scan.declared_total
    ]
    return reasons


def doubt_about_shard(*, listings: int, others: int, before: int | None) -> str | None:
    """Why a shard that was read to its end may not be all of what it was; None: it may be.

    Args:
        listings, others: its entries; others are passed over.
        before: the listings it had when it was read last; None: it is new.
    """
    if not listings:
        return "lists no listing"
    if too_many_lost(listings, others):
        return f"has {others} entries that are no listing's, and {listings} that are"
    if before and listings < MIN_EXPECTED_SHARE * before:
        return f"lists {listings} listings, it had {before}"
    return None


def reasons_against_sitemap(read: PassTotals) -> list[str]:
    """Why a pass over the sitemap proves no absence; empty: what it lacks is not listed."""
    reasons = [*read.doubts]
    if read.shards_before and read.shards is not None and read.shards < read.shards_before:
        reasons.append(f"the index names {read.shards} shards, it had {read.shards_before}")
    if read.shards is None or read.shards_read < read.shards:
        reasons.append(f"{read.shards_read} of {read.shards} shards read")
    if not read.urls:
        reasons.append("no listing in any shard")
    if read.expected and read.urls < MIN_SITEMAP_SHARE * read.expected:
        reasons.append(f"{read.urls} URLs, the last complete sitemap had {read.expected}")
    return reasons


def certify(
    scan: SourceScan, *, expected: int | None, lower: LowerMark | None = None
) -> Certificate:
    """Looks for reasons against a scan of all pages of one source.

    Args:
        expected: listings that the source's last certified scan found; None: this is the first.
        lower: what a scan since then found, if that was too few of them; no scan has found more
            since.
    """
    has_shrunk = _is_too_few(scan, expected)
    corners = corners_of(scan.holes, negligible=1 - MIN_DISTINCT_SHARE)
    checks = (
        _unread_pages(scan),
        _short_pages(scan),
        _too_few_of_the_declared(scan, corners),
        _drift_of_the_total(scan),
        _too_few_of_the_expected(scan, expected, lower),
    )
    reasons = tuple(filter(None, checks))
    return Certificate(
        source=scan.source,
        certified=not reasons,
        proves_absence=not reasons and expected is not None and not has_shrunk,
        reasons=reasons,
        corners=() if reasons else corners,
    )


def _unread_pages(scan: SourceScan) -> str | None:
    if scan.pages_wanted is None:
        return "the scan did not come to its end"
    if scan.pages_read < scan.pages_wanted:
        return f"{scan.pages_read} of {scan.pages_wanted} pages read"
    if scan.pages_lost:
        return f"{scan.pages_lost} pages lost"
    # Others that nobody wanted may have been read in their place: only the walk knows.
    return next((gap for gap in scan.gaps if UNREAD in gap), None)


def _short_pages(scan: SourceScan) -> str | None:
    short = [gap for gap in scan.gaps if SHORT in gap]
    return f"{len(short)} pages that lack cards, such as {short[0]}" if short else None


def _too_few_of_the_declared(scan: SourceScan, corners: Sequence[Corner]) -> str | None:
    """What is known to be out of reach is not wanting, where it is known who may be there."""
    declared = scan.declared_total
    if declared is None:
        return "no page told how many listings there are"
    if any(each.is_everywhere for each in corners):
        return f"{sum(each.out_of_reach for each in corners)} listings are out of reach anywhere"
    out_of_reach = sum(each.out_of_reach for each in corners)
    if out_of_reach > MAX_OUT_OF_REACH * declared:
        return f"{out_of_reach} listings of {declared} are out of reach"
    if scan.distinct_properties + out_of_reach < MIN_DISTINCT_SHARE * declared:
        beside = f", and {out_of_reach} out of reach" if out_of_reach else ""
        return f"{scan.distinct_properties} different listings of {declared} declared{beside}"
    return None


def _drift_of_the_total(scan: SourceScan) -> str | None:
    start, end = scan.total_at_start, scan.declared_total
    if start is None or end is None or scan.started_at is None or scan.ended_at is None:
        return "no page told how many listings there are"
    days = (scan.ended_at - scan.started_at) / timedelta(days=1)
    if abs(end - start) > max(start * _drift_in(days), 1):
        return f"the declared total went from {start} to {end} during the scan"
    return None


def _drift_in(days: float) -> float:
    """How far a source's total may move in a time, as a share of it."""
    return max(MAX_DRIFT_SHARE, CHURN_FACTOR * EXPECTED_DAILY_CHURN * days)


def _too_few_of_the_expected(
    scan: SourceScan, expected: int | None, lower: LowerMark | None
) -> str | None:
    if not _is_too_few(scan, expected) or _found_as_few_before(scan, lower):
        return None
    return f"{scan.distinct_properties} listings, {expected} were expected"


def _is_too_few(scan: SourceScan, expected: int | None) -> bool:
    return bool(expected) and scan.distinct_properties < MIN_EXPECTED_SHARE * (expected or 0)


def _found_as_few_before(scan: SourceScan, lower: LowerMark | None) -> bool:
    """Whether a scan long enough ago confirms this one. That nothing is there, none confirms."""
    if lower is None or not lower.listings or scan.started_at is None:
        return False
    apart = scan.started_at - lower.issued_at
    allowed = lower.listings * min(MAX_BETWEEN_SHRUNK, _drift_in(apart / timedelta(days=1)))
    moved = abs(scan.distinct_properties - lower.listings)
    return apart >= SHRUNK_SINCE and moved <= max(allowed, 1) and scan.distinct_properties > 0
