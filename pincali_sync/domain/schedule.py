"""When a tier is due: slots on the wall clock of the site's country, or a plain interval.

A slot is a wall-clock time, not a number of hours since the last run: a run that was late does not
push the next one on, and a clock that is set back or a day of 23 hours neither skips nor doubles
a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pincali_sync.config import Config
from pincali_sync.domain.tiers import Tier

SITE_ZONE = ZoneInfo("America/Mexico_City")
_SUNDAY = 6
_SLOT_HOURS = {Tier.HOT_LISTINGS: (0, 6, 12, 18)}  # of the others: midnight
# How long after its slot a tier's run should be over: what the specification expects of each, with
# room for a busy site, detail pages on the same timeline, and verifications.
GRACE = {
    Tier.HOT_LISTINGS: timedelta(hours=2),
    Tier.DAILY_SYNC: timedelta(hours=12),
    Tier.WEEKLY_DEEP: timedelta(hours=24),
    Tier.MONTHLY_REFRESH: timedelta(hours=36),
}
# A run of these reads what the lower tiers would read, so it serves their slots too.
SCANNING = (Tier.WEEKLY_DEEP, Tier.DAILY_SYNC, Tier.HOT_LISTINGS)
# In which tiers that are due are started: what the most comprehensive serves is then not due.
IN_ORDER = (*SCANNING, Tier.MONTHLY_REFRESH)
_FREQUENCIES = {
    Tier.HOT_LISTINGS: ("tier_1_frequency_hours", timedelta(hours=1)),
    Tier.DAILY_SYNC: ("tier_2_frequency_hours", timedelta(hours=1)),
    Tier.WEEKLY_DEEP: ("tier_3_frequency_days", timedelta(days=1)),
    Tier.MONTHLY_REFRESH: ("tier_4_frequency_days", timedelta(days=1)),
}
# A failed run is started again after this, doubled with each further failure.
_FIRST_BACKOFF = timedelta(minutes=15)
_LONGEST_BACKOFF = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often a tier runs: at its slots, or (another frequency than the default) at intervals."""

    tier: Tier
    interval: timedelta | None = None

    @classmethod
    def of(cls, tier: Tier, config: Config) -> Cadence:
        """The cadence that the configuration gives this tier."""
        variable, unit = _FREQUENCIES[tier]
        given: float = getattr(config, variable)
        is_default = given == Config.model_fields[variable].default
        return cls(tier=tier, interval=None if is_default else given * unit)

    def due_slot(self, now: datetime, last_served: datetime | None) -> datetime | None:
        """The slot that a run starting now would serve; None when it was served already.

        However many slots were missed, one run serves them all.

        Args:
            last_served: the slot or, where later, the start of the last run that counts.
        """
        if self.interval is not None:
            due = last_served is None or now - last_served >= self.interval
            return now if due else None
        slot = latest_slot(self.tier, now)
        return slot if last_served is None or last_served < slot else None

    def next_run(self, now: datetime, last_served: datetime | None) -> datetime:
        """When the tier is due next; now, when it is due."""
        if self.due_slot(now, last_served) is not None:
            return now
        if self.interval is not None:
            return now if last_served is None else last_served + self.interval
        return next_slot(self.tier, now)

    def may_have_begun(self, moment: datetime, now: datetime) -> bool:
        """Whether a run may say so. One that began after the next slot did so by a clock that was
        wrong: it serves nothing, or the tier would stand still until then."""
        following = next_slot(self.tier, now) if self.interval is None else now + self.interval
        return moment < following

    def overdue(
        self, now: datetime, last_served: datetime, running: Iterable[tuple[Tier, datetime]]
    ) -> timedelta:
        """How long ago a run should have been completed that was not; zero when none.

        Args:
            last_served: as for `due_slot`, of runs that are over.
            running: runs under way that serve this tier, a wider tier's too, and the slot or,
                where later, the start of each: it is given the time of its own tier.
        """
        expected = (
            next_slot(self.tier, last_served)
            if self.interval is None
            else last_served + self.interval
        )
        late = [now - expected - GRACE[self.tier]]
        late += [now - begun - GRACE[tier] for tier, begun in running if begun >= expected]
        return max(timedelta(0), min(late))


def tiers_serving(tier: Tier) -> tuple[Tier, ...]:
    """The tiers whose runs serve the slots of this one: wider ones, and itself."""
    return SCANNING[: SCANNING.index(tier) + 1] if tier in SCANNING else (tier,)


def latest_slot(tier: Tier, now: datetime) -> datetime:
    """The tier's latest slot that has passed."""
    return max(slot for slot in _slots_around(tier, now) if slot <= now)


def next_slot(tier: Tier, now: datetime) -> datetime:
    """The tier's first slot after now."""
    return min(slot for slot in _slots_around(tier, now) if slot > now)


def backoff(failures: int) -> timedelta:
    """How long to wait after so many failed runs in a row (at least one)."""
    doublings = min(failures - 1, 10)
    return min(_FIRST_BACKOFF * (1 << doublings), _LONGEST_BACKOFF)


def _slots_around(tier: Tier, now: datetime) -> Iterator[datetime]:
    """The tier's slots in more than a month before and after now."""
    today = now.astimezone(SITE_ZONE).date()
    for day in (today + timedelta(days=days) for days in range(-32, 33)):
        if _has_slots(tier, day):
            for hour in _SLOT_HOURS.get(tier, (0,)):
                yield datetime.combine(day, time(hour), SITE_ZONE).astimezone(now.tzinfo)


def _has_slots(tier: Tier, day: date) -> bool:
    if tier is Tier.WEEKLY_DEEP:
        return day.weekday() == _SUNDAY
    return tier is not Tier.MONTHLY_REFRESH or day.day == 1
