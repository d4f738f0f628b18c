"""How a season went: its days and its runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier

_READING, _REMOVING = {"scan", "certify"}, {"removals", "verify", "apply"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One virtual day, as it stood at its end."""

    number: int  # from 1
    ended_at: datetime
    seconds: float  # real ones
    requests: int
    oldest_days: float  # of the records whose listings are there
    most_pending: int  # pages in the queue
    most_outside: int  # that waited for a place in it
    newcomers_unknown: int
    gone_unknown: int
    prices_unknown: int
    present: int  # records
    falsely_off: int  # listings that are there, and are off the market


@dataclass(slots=True)
class PlayedRun:
    """A tier run, with when its reading was over, and when its removals were carried out."""

    run: SyncRun
    read_until: datetime | None = None
    removed_until: datetime | None = None
    is_disturbed: bool = False  # the site was down, slow or refused until it was done

    @property
    def done_at(self) -> datetime | None:
        """When what it is for was done: tier 1 reads, tiers 2 and 3 remove whom they missed. What
        they found to fetch takes a turn each after it."""
        return self.read_until if self.run.tier_level == Tier.HOT_LISTINGS else self.removed_until

    @property
    def reading(self) -> timedelta | None:
        """How long it read pages."""
        return self.read_until - self.run.started_at if self.read_until else None

    @property
    def settling(self) -> timedelta | None:
        """How long it took until it had removed whom it missed; pages are fetched beyond that."""
        return self.removed_until - self.run.started_at if self.removed_until else None

    @property
    def whole(self) -> timedelta | None:
        """How long it took."""
        return self.run.completed_at - self.run.started_at if self.run.completed_at else None


@dataclass(slots=True)
class Course:
    """What is noted while a season is played."""

    days: list[Day] = field(default_factory=list)
    runs: dict[UUID, PlayedRun] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)  # what people would have been told
    approved: list[int] = field(default_factory=list)  # sizes of batches that were held
    records: int = 0  # at the start
    filling_seconds: float = 0.0
    requests: int = 0
    falsely_off: list[str] = field(default_factory=list)  # on the day with the most of them
    read_at: datetime | None = None  # when a job that reads for a run ended last

    def note_falsely_off(self, public_ids: list[str]) -> None:
        """Takes in who is off the market today though the listing is there."""
        self.falsely_off = max(self.falsely_off, public_ids, key=len)

    def note_run(self, run: SyncRun, now: datetime, *, is_disturbed: bool) -> bool:
        """Takes in how a run stands; whether it has just ended."""
        played = self.runs.get(run.id)
        was_open = played is None or played.run.status == "running"
        if played is None:
            played = self.runs[run.id] = PlayedRun(run=run)
        played.run = run
        if played.done_at is None:
            played.is_disturbed = played.is_disturbed or is_disturbed
        if played.read_until is None and run.step not in _READING:
            # A tick notices it up to a minute later.
            played.read_until = max(run.started_at, self.read_at or now)
        if played.removed_until is None and run.step not in _READING | _REMOVING:
            played.removed_until = now
        return was_open and run.status != "running"
