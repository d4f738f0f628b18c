"""The states of a listing, and who may change them."""

from __future__ import annotations

from collections.abc import Set

from pincali_sync.domain.listing_status import (
    INACTIVE_AFTER,
    LIKELY_AFTER,
    LISTED,
    PRESENT,
    TRANSITIONS,
    ListingStatus,
)
from scripts.reference.markdown import NOTICE, code, table

PAGE = (
    NOTICE
    + """# States of a listing

`properties_live.listing_status` holds one of these words. What they mean for people is told in [a
listing's life](../explanation/a-listings-life.md).
"""
)
MEANING = {
    ListingStatus.ACTIVE: "it is there",
    ListingStatus.LIKELY_REMOVED: "missing again and again, and not proven gone",
    ListingStatus.CONFIRMED_REMOVED: "its page proved it gone, or a person said so",
    ListingStatus.SOLD: "gone, and its page says that it was sold or rented",
    ListingStatus.RELISTED: "it was removed and is seen again: its page is fetched anew",
}


def page() -> str:
    """The page of the reference."""
    states = [(code(each), MEANING[each], _counted(each)) for each in ListingStatus]
    ways = [
        (str(each.cause.value), _words(each.old), code(each.new), code(each.entry or ""))
        for each in TRANSITIONS
    ]
    return (
        f"{PAGE}\n{table(['state', 'it means', 'counts as'], states)}\n"
        f"Missing in {LIKELY_AFTER} certified scans in a row makes a listing `likely_removed`;\n"
        f"missing in {INACTIVE_AFTER} it leaves the active counts, whatever its page shows.\n\n"
        "## Ways from one to another\n\n"
        "No other is taken: the database refuses it. The last column says what the journal\n"
        "`property_changes` calls the change.\n\n"
        f"{table(['because', 'from', 'to', 'in the journal'], ways)}"
    )


def _words(states: Set[ListingStatus]) -> str:
    return ", ".join(code(each) for each in ListingStatus if each in states)


def _counted(state: ListingStatus) -> str:
    if state in LISTED:
        return "present, listed"
    return "present" if state in PRESENT else "removed"
