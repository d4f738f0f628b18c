"""Listings and runs of a season on paper, with times of a test's choice."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pincali_workshop.paper.course import Day
from pincali_workshop.standin.world.life import DAY, Recurrence
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.population import Population
from pincali_workshop.standin.world.removal import RemovalMode, way_of
from pincali_workshop.standin.world.state import ListingState, state_at

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RunNotes

SEED = 3
BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
_STOCK = 100


def listing(*spells: tuple[float, float], is_unlisted: bool = False) -> Listing:
    """A listing that is there in these spans, in days from the begin, and keeps its price.

    Args:
        is_unlisted: whether its page stays when it goes.
    """
    stock = Population(SEED, _STOCK, BEGIN).states(BEGIN)
    found = next(
        each.listing
        for each in stock
        if (way_of(SEED, each.listing.public_id) is RemovalMode.UNLISTED) == is_unlisted
    )
    times = tuple((at(begin), at(end)) for begin, end in spells)
    never = Recurrence(("never",), times[0][0], 0.0)
    life = replace(
        found.life, birth=times[0][0], spells=times, reactivations=never, price_changes=never
    )
    return replace(found, life=life)


def at(days: float) -> int:
    """Seconds since 1970, so many days from the begin."""
    return int(BEGIN.timestamp()) + int(days * DAY)


def then(days: float) -> datetime:
    """So many days from the begin."""
    return BEGIN + timedelta(days=days)


def state(of: Listing, days: float) -> ListingState:
    """The listing as it is so many days from the begin."""
    return state_at(SEED, of, at(days))


def day(number: int, **given: int) -> Day:
    """A day on which nothing waited, but for what is given."""
    usual: dict[str, Any] = dict.fromkeys((each.name for each in fields(Day)), 0)
    return Day(**(usual | {"number": number, "ended_at": then(number)} | given))


def sync_run(**given: Any) -> SyncRun:
    """A weekly run under way since the begin, but for what is given."""
    counters = (
        "pages_scanned properties_in_manifest new_properties_found price_changes_detected "
        "removals_detected properties_queued properties_scraped error_count"
    )
    usual: dict[str, Any] = {
        **dict.fromkeys(counters.split(), 0),
        **{"tier_level": 3, "tier_name": "weekly_deep", "status": "running", "step": "scan"},
        **dict.fromkeys(("completed_at", "slot_at", "window_ends_at", "error_summary")),
        "execution_time_ms": None,
        "started_at": BEGIN,
        "details": RunNotes(),
    }
    return SyncRun(id=uuid4(), session_id=uuid4(), **(usual | given))
