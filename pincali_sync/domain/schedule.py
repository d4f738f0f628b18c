"""When a tier is due: slots on the wall clock of the site's country, or a plain interval."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

SITE_ZONE = ZoneInfo("America/Mexico_City")
TIER_1_SLOT_HOURS = 6.0


def current_slot(now: datetime, hours: float = TIER_1_SLOT_HOURS) -> datetime:
    """The latest wall-clock slot (00:00, 06:00, ...) that has passed."""
    local = now.astimezone(SITE_ZONE)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = int((local.hour + local.minute / 60) // hours)
    return (midnight + timedelta(hours=passed * hours)).astimezone(now.tzinfo)


def due_slot(now: datetime, *, every_hours: float, last_served: datetime | None) -> datetime | None:
    """The slot that a run starting now would serve; None when it was served already.

    A frequency other than the default replaces the slots by an interval since the last run.
    However many slots were missed, one run serves them all.
    """
    if every_hours == TIER_1_SLOT_HOURS:
        slot = current_slot(now)
        return slot if last_served is None or last_served < slot else None
    if last_served is None or now - last_served >= timedelta(hours=every_hours):
        return now
    return None
