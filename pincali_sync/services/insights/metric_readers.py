"""How the values of metrics are read from a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from pincali_sync.db.repositories.insights.figures import QUEUE_FINISHED, RUNS_ENDED
from pincali_sync.db.repositories.site.pace import ALL
from pincali_sync.domain.statistics import wilson_interval
from pincali_sync.items import ANOTHER_TRY, QUEUE_REASONS
from pincali_sync.services.insights.snapshot import Snapshot, TierFigures

Value = float | datetime | timedelta | None  # times become seconds; None: there is no value
Labelled = tuple[tuple[str, ...], Value]  # label values and value
Reader = Callable[[Snapshot], Iterable[Labelled]]

# Fewer finished pages than this tell nothing about how many fail.
_MIN_FINISHED = 50
_PERCENT_DAYS = (7, 14, 30)
_PRIORITIES = range(1, 6)
_PAUSE_KINDS = ("person", "refused", "busy", "rate")
_LASTING = ("completed", "cancelled")  # what was set aside may be tried again
_OUTCOMES = (*_LASTING, "failed")


def each_of(path: str, *names: str) -> Reader:
    """Figures of the whole that belong together, labelled by their names."""
    return lambda snapshot: [((name,), at(snapshot, f"{path}.{name}")) for name in names]


def mapping(path: str) -> Reader:
    """Figures of the whole that are kept by their label."""
    return lambda snapshot: [
        ((label if isinstance(label, str) else f"{label:g}",), value)
        for label, value in (at(snapshot, path) or {}).items()
    ]


def at(place: Any, path: str) -> Any:
    """What a dotted path leads to; None where it leads through None."""
    for name in path.split("."):
        place = None if place is None else getattr(place, name)
    return place


def enabled(snapshot: Snapshot) -> list[tuple[str, TierFigures]]:
    """The tiers that are enabled, by their label."""
    return [(str(each.tier.value), each) for each in snapshot.tiers if each.enabled]


def paused(snapshot: Snapshot) -> Iterable[Labelled]:
    """What rests; zero of everything while nothing does."""
    rests = {(ALL, kind): 0 for kind in _PAUSE_KINDS}
    return {**rests, **{(each.scope, each.kind): 1 for each in snapshot.pauses}}.items()


def runs_ended(snapshot: Snapshot) -> Iterator[Labelled]:
    """All runs that there ever were, by how they ended."""
    for tier in (str(each.tier.value) for each in snapshot.tiers):
        for status in ("completed", "failed", "cancelled"):
            yield (tier, status), snapshot.counters.get((RUNS_ENDED, f"{tier}|{status}"), 0)


def found_ratios(snapshot: Snapshot) -> Iterator[Labelled]:
    """What the last scan found of each source, of what it should have found."""
    for label, tier in enabled(snapshot):
        for source in tier.yields:
            yield (label, source.source), source.ratio


def rows(status: str) -> Reader:
    """Rows of the queue in one state; zero is a figure, too, so that no series comes and goes."""

    def read(snapshot: Snapshot) -> Iterable[Labelled]:
        counts: dict[tuple[str, ...], int] = {
            (str(priority), reason): 0 for priority in _PRIORITIES for reason in QUEUE_REASONS
        }
        for group in snapshot.queue:
            counts[str(group.priority), group.reason] = getattr(group, status)
        return counts.items()

    return read


def dead_letters(snapshot: Snapshot) -> Iterable[Labelled]:
    """Pages that were set aside, of all priorities."""
    for reason in _reasons(each.reason for each in snapshot.queue):
        yield (reason,), sum(each.failed for each in snapshot.queue if each.reason == reason)


def oldest_pending(snapshot: Snapshot) -> Iterator[Labelled]:
    """How long the page has waited that waits longest, by priority."""
    waiting = [each for each in snapshot.queue if each.oldest_queued_at]
    for priority in sorted({*_PRIORITIES, *(each.priority for each in waiting)}):
        queued = (each.oldest_queued_at for each in waiting if each.priority == priority)
        oldest = min(filter(None, queued), default=snapshot.taken_at)
        yield (str(priority),), snapshot.taken_at - oldest


def finished(snapshot: Snapshot) -> Iterator[Labelled]:
    """All pages that the queue was ever done with for good."""
    counts: dict[tuple[str, ...], float] = {
        (reason, outcome): 0 for reason in QUEUE_REASONS for outcome in _LASTING
    }
    for (series, label), rows in snapshot.counters.items():
        if series == QUEUE_FINISHED:
            counts[tuple(label.split("|"))] = rows
    yield from counts.items()


def finished_last_hour(snapshot: Snapshot) -> Iterator[Labelled]:
    """Those of the last hour."""
    groups = {each.reason: each for each in snapshot.finished}
    for reason in _reasons(groups):
        for outcome in _OUTCOMES:
            yield (reason, outcome), getattr(groups.get(reason), f"{outcome}_in_last_hour", 0)


def _reasons(seen: Iterable[str]) -> list[str]:
    """Those that there are, and whatever else an earlier version left in the queue."""
    return sorted({*QUEUE_REASONS, *seen})


def failure_ratios(snapshot: Snapshot) -> Iterator[Labelled]:
    """Share of the last day's pages that were set aside; of those that had not been before."""
    for each in snapshot.finished:
        if each.reason != ANOTHER_TRY and each.completed + each.failed >= _MIN_FINISHED:
            yield (each.reason,), each.failed / (each.completed + each.failed)


def scraped_share(snapshot: Snapshot) -> Iterable[Labelled]:
    """The same as a share of all present listings."""
    if snapshot.live and snapshot.live.present:
        for days in _PERCENT_DAYS:
            yield (str(days),), snapshot.live.scraped_within[days] / snapshot.live.present


def as_of(snapshot: Snapshot) -> Iterator[Labelled]:
    """How recent what is known of present listings is."""
    for age in snapshot.ages:
        yield (age.kind, "0.5"), age.median
        yield (age.kind, "0.95"), age.most


def false_removals(part: Literal["share", "low", "high"]) -> Reader:
    """Removals that were still there, of those looked at again with a clear answer."""

    def read(snapshot: Snapshot) -> Iterator[Labelled]:
        alive, gone = snapshot.audit.alive, snapshot.audit.gone
        if interval := wilson_interval(alive, alive + gone):
            low, high = interval
            yield (), {"share": alive / (alive + gone), "low": low, "high": high}[part]

    return read


def webhooks_failing(snapshot: Snapshot) -> Iterator[Labelled]:
    """How long each target has failed."""
    for target, state in snapshot.webhooks:
        since = state.failing_since or snapshot.taken_at
        yield (target.label,), max(snapshot.taken_at - since, timedelta(0))
