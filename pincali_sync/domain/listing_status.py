"""The states of a listing, and the ways from one to another: who may take them.

`properties_live.listing_status` holds the state. It changes only along `TRANSITIONS`; the database
refuses what is in none of them (migration 0008).
"""

from __future__ import annotations

from collections.abc import Set
from enum import StrEnum
from typing import NamedTuple


class ListingStatus(StrEnum):
    """What is known of a listing's being there."""

    ACTIVE = "active"
    LIKELY_REMOVED = "likely_removed"  # missing again and again, and not proven gone
    CONFIRMED_REMOVED = "confirmed_removed"
    SOLD = "sold"  # confirmed, and the page says that it was sold or rented
    RELISTED = "relisted"  # it was removed and is seen again: its page is fetched anew


_S = ListingStatus

# Rows that count as being there, or may be: what price, stale and missing selections look at.
PRESENT = (_S.ACTIVE, _S.RELISTED, _S.LIKELY_REMOVED)
LISTED = (_S.ACTIVE, _S.RELISTED)  # those of them that nothing is suspected of
REMOVED = (_S.CONFIRMED_REMOVED, _S.SOLD)

# Missing in so many certified scans in a row makes a listing likely removed, until its page proves
# it alive; missing in so many, it leaves the active counts whatever its page shows: it is off the
# market, or waits for a person where no page tells. Only what lists it brings it back.
LIKELY_AFTER = 2
INACTIVE_AFTER = 3
UNLISTED = "no certified list has shown it"

# The older column `status` follows. What is likely removed keeps its word until it was missing
# `INACTIVE_AFTER` times.
OLDER_STATUS = {
    _S.ACTIVE: "active",
    _S.RELISTED: "active",
    _S.CONFIRMED_REMOVED: "removed",
    _S.SOLD: "sold",
}
OLDER_INACTIVE = "inactive"


class Cause(StrEnum):
    """Who may change a listing's state."""

    MISSING = "a certified scan did not see it, or the sitemap dropped it"
    CARD = "a listing page shows it"
    SITEMAP = "the sitemap lists it"
    PAGE = "its own page was saved"
    BATCH = "its page proved it gone, and the batch was applied or approved"
    REJECTION = "a person rejected the batch"
    DECISION = "somebody asked for it, one record at a time"
    MERGER = "two records turned out to be one"
    ADOPTION = "a database of another scraper was taken over"


class ChangeType(StrEnum):
    """What `property_changes` calls a change of state."""

    REMOVED = "removed"
    REACTIVATED = "reactivated"
    UPDATED = "updated"


class Transition(NamedTuple):
    """From any of some states to another, for one cause."""

    cause: Cause
    old: Set[ListingStatus]
    new: ListingStatus
    entry: ChangeType | None  # its row in the journal; None: it has none


_LIKELY = frozenset({_S.LIKELY_REMOVED})
_GONE = frozenset(REMOVED)
_THERE = frozenset(PRESENT)
_UPDATED, _BACK, _AWAY = ChangeType.UPDATED, ChangeType.REACTIVATED, ChangeType.REMOVED

TRANSITIONS = (
    Transition(Cause.MISSING, _THERE - _LIKELY, _S.LIKELY_REMOVED, _UPDATED),
    Transition(Cause.CARD, _LIKELY, _S.ACTIVE, _UPDATED),
    Transition(Cause.CARD, _GONE, _S.RELISTED, _BACK),
    Transition(Cause.SITEMAP, _LIKELY, _S.ACTIVE, _UPDATED),
    Transition(Cause.SITEMAP, _GONE, _S.RELISTED, _BACK),
    Transition(Cause.PAGE, _LIKELY, _S.ACTIVE, _UPDATED),
    Transition(Cause.PAGE, _GONE, _S.ACTIVE, _BACK),
    Transition(Cause.PAGE, frozenset({_S.RELISTED}), _S.ACTIVE, _UPDATED),
    Transition(Cause.BATCH, _LIKELY, _S.CONFIRMED_REMOVED, _AWAY),
    Transition(Cause.BATCH, _LIKELY, _S.SOLD, _AWAY),
    Transition(Cause.REJECTION, _LIKELY, _S.ACTIVE, _UPDATED),
    Transition(Cause.DECISION, _THERE | {_S.SOLD}, _S.CONFIRMED_REMOVED, _AWAY),
    Transition(Cause.DECISION, _THERE | {_S.CONFIRMED_REMOVED}, _S.SOLD, _AWAY),
    Transition(Cause.DECISION, frozenset(_S) - {_S.ACTIVE}, _S.ACTIVE, _UPDATED),
    Transition(Cause.MERGER, _GONE, _S.RELISTED, _BACK),
    Transition(Cause.MERGER, _THERE - {_S.ACTIVE}, _S.ACTIVE, _UPDATED),
    Transition(Cause.ADOPTION, frozenset({_S.ACTIVE}), _S.LIKELY_REMOVED, None),
    Transition(Cause.ADOPTION, frozenset({_S.ACTIVE}), _S.CONFIRMED_REMOVED, None),
    Transition(Cause.ADOPTION, frozenset({_S.ACTIVE}), _S.SOLD, None),
)


def transitions_of(cause: Cause) -> tuple[Transition, ...]:
    """The ways that one cause may take."""
    return tuple(each for each in TRANSITIONS if each.cause is cause)
