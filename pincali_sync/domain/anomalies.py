"""Whether a scan looks like the ones before it: a site that changed its markup fails no request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# Fewer predecessors say nothing about what is usual.
MIN_PREDECESSORS = 4
# A share of scans this small tells nothing.
MIN_CARDS = 50
# Where fewer cards than this show a price, prices are not read any more, whatever was usual.
MIN_PRICED_SHARE = 0.20
MAX_UNREADABLE_SHARE = 0.50
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

    @property
    def cards_per_page(self) -> float | None:
        return self.cards / self.pages if self.pages else None

    @property
    def priced_share(self) -> float | None:
        return None if self.priced is None else self._share(self.priced)

    @property
    def new_share(self) -> float | None:
        return self._share(self.new)

    @property
    def unreadable_share(self) -> float | None:
        total = self.cards + self.unreadable
        return self.unreadable / total if total >= MIN_CARDS else None

    def _share(self, part: int) -> float | None:
        return part / self.cards if self.cards >= MIN_CARDS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """One thing about a scan that is unlike before."""

    what: str
    value: int | float  # as stored: counts stay whole
    usual: int | float | None  # None: wrong whatever was usual


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measure:
    """What is compared, and which differences are never unusual."""

    what: str
    attribute: str
    tolerance: float
    relative: bool  # the tolerance is a share of the median, not a difference

    def of(self, shape: ScanShape) -> float | None:
        value: float | None = getattr(shape, self.attribute)
        return value


_MEASURES = (
    _Measure(what="pages read", attribute="pages", tolerance=0.30, relative=True),
    _Measure(what="cards per page", attribute="cards_per_page", tolerance=0.20, relative=True),
    _Measure(
        what="share of cards with a price", attribute="priced_share", tolerance=0.10, relative=False
    ),
    _Measure(what="share of new cards", attribute="new_share", tolerance=0.20, relative=False),
    _Measure(
        what="share of unreadable cards",
        attribute="unreadable_share",
        tolerance=0.05,
        relative=False,
    ),
)


def anomalies_of(scan: ScanShape, earlier: Sequence[ScanShape]) -> tuple[Anomaly, ...]:
    """What of a scan is unlike its comparable predecessors, or wrong by itself."""
    found = [
        anomaly
        for measure in _MEASURES
        if (anomaly := _compare(measure, scan, earlier)) is not None
    ]
    known = {anomaly.what for anomaly in found}
    return (*found, *(each for each in _wrong_by_itself(scan) if each.what not in known))


def _compare(measure: _Measure, scan: ScanShape, earlier: Sequence[ScanShape]) -> Anomaly | None:
    value = measure.of(scan)
    usual = [each for each in map(measure.of, earlier) if each is not None]
    if value is None or len(usual) < MIN_PREDECESSORS:
        return None
    middle = median(usual)
    spread = _DEVIATIONS * _MAD_TO_SIGMA * median(abs(each - middle) for each in usual)
    tolerance = measure.tolerance * (abs(middle) if measure.relative else 1)
    if abs(value - middle) <= max(spread, tolerance):
        return None
    return Anomaly(what=measure.what, value=value, usual=middle)


def _wrong_by_itself(scan: ScanShape) -> list[Anomaly]:
    found = []
    if scan.priced_share is not None and scan.priced_share < MIN_PRICED_SHARE:
        found.append(
            Anomaly(what="share of cards with a price", value=scan.priced_share, usual=None)
        )
    if scan.unreadable_share is not None and scan.unreadable_share > MAX_UNREADABLE_SHARE:
        found.append(
            Anomaly(what="share of unreadable cards", value=scan.unreadable_share, usual=None)
        )
    return found
