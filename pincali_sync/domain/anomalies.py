"""Whether a scan looks like the ones before it: a site that changed its markup fails no request."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from pincali_sync.domain.coverage import SourceScan, too_many_lost

# Fewer predecessors say nothing about what is usual.
MIN_PREDECESSORS = 4
# A share of scans this small tells nothing.
MIN_CARDS = 50
# A value is unusual this many standard deviations from the median, the deviation being estimated
# from the median absolute one, which outliers among the predecessors do not move.
_DEVIATIONS = 4.0
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanShape:
    """What one run's scan was like, over all its sources."""

    pages: int
    cards: int
    unreadable: int  # cards that were no entry
    new: int
    priced: int | None  # None: it was not counted yet

    @classmethod
    def of(cls, scans: Sequence[SourceScan]) -> ScanShape:
        """Adds up what was read of each source."""
        priced = [scan.priced_entries for scan in scans]
        return cls(
            pages=sum(scan.pages_read for scan in scans),
            cards=sum(scan.entries for scan in scans),
            unreadable=sum(scan.dropped for scan in scans),
            new=sum(scan.new_entries for scan in scans),
            priced=None if None in priced else sum(filter(None, priced)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One thing about a scan that is unlike before."""

    what: str
    value: int | float  # as stored: counts stay whole
    usual: int | float | None  # None: wrong whatever was usual

    def __str__(self) -> str:
        usual = "" if self.usual is None else f", usually {self.usual:.3g}"
        return f"{self.what} {self.value:.3g}{usual}"


@dataclass(frozen=True, slots=True)
class _Measure:
    """What is compared, and which differences are never unusual."""

    what: str
    of: Callable[[ScanShape], float | None]
    tolerance: float
    is_relative: bool = False  # the tolerance is a share of the median, not a difference
    least: float = 0.0  # outside of these two it is wrong, whatever was usual
    most: float = math.inf


def _share(count: int | None, of: int) -> float | None:
    return None if count is None or of < MIN_CARDS else count / of


def _cards_per_page(scan: ScanShape) -> float | None:
    return scan.cards / scan.pages if scan.pages else None


_MEASURES = (
    _Measure("pages read", lambda scan: scan.pages, 0.30, is_relative=True),
    _Measure("cards per page", _cards_per_page, 0.20, is_relative=True),
    _Measure(
        "share of cards with a price",
        lambda scan: _share(scan.priced, of=scan.cards),
        0.10,
        least=0.20,
    ),
    _Measure("share of new cards", lambda scan: _share(scan.new, of=scan.cards), 0.20),
    _Measure(
        "share of unreadable cards",
        lambda scan: _share(scan.unreadable, of=scan.cards + scan.unreadable),
        0.05,
        most=0.50,
    ),
)


def anomalies_of(scan: ScanShape, earlier: Sequence[ScanShape]) -> tuple[Anomaly, ...]:
    """What of a scan is unlike its comparable predecessors, or wrong by itself."""
    found = (_compare(measure, scan, earlier) for measure in _MEASURES)
    return tuple(anomaly for anomaly in found if anomaly is not None)


def cut_short(scans: Sequence[SourceScan]) -> tuple[Anomaly, ...]:
    """Sources that lost more than a tenth of their pages."""
    return tuple(
        Anomaly(
            what=f"share of lost pages of {scan.source}",
            value=scan.pages_lost / (scan.pages_read + scan.pages_lost),
            usual=None,
        )
        for scan in scans
        if too_many_lost(scan.pages_read, scan.pages_lost)
    )


def _compare(measure: _Measure, scan: ScanShape, earlier: Sequence[ScanShape]) -> Anomaly | None:
    value = measure.of(scan)
    if value is None:
        return None
    usual = [each for each in map(measure.of, earlier) if each is not None]
    if len(usual) >= MIN_PREDECESSORS:
        middle = median(usual)
        spread = _DEVIATIONS * _MAD_TO_SIGMA * median(abs(each - middle) for each in usual)
        tolerance = measure.tolerance * (abs(middle) if measure.is_relative else 1)
        if abs(value - middle) > max(spread, tolerance):
            return Anomaly(what=measure.what, value=value, usual=middle)
    if not measure.least <= value <= measure.most:
        return Anomaly(what=measure.what, value=value, usual=None)
    return None
