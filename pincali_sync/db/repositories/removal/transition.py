"""The one block that writes `properties_live.listing_status`, and its words for other statements.

Beside it, only the insertion of a new live row and the adoption of a database set a state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pincali_sync.db.base import words
from pincali_sync.domain import listing_status as states
from pincali_sync.domain.listing_status import Cause, ListingStatus, Transition

PRESENT = words(sorted(states.PRESENT))
LISTED = words(sorted(states.LISTED))
REMOVED = words(sorted(states.REMOVED))
LIKELY = f"'{ListingStatus.LIKELY_REMOVED}'"

# The one entry that a change of state has.
_JOURNALLED = """, journalled AS (
    INSERT INTO property_changes
           (property_id, session_id, change_type, field_name, old_value, new_value, change_reason,
            created_at, city)
    SELECT property_id, CAST({session} AS uuid), entry, 'listing_status',
           to_jsonb(old_status), to_jsonb(new_status), {reason}, CAST(:now AS timestamptz),
           city
      FROM changed r WHERE entry IS NOT NULL ORDER BY property_id
)"""

# Whatever the journal tells is an update.
_UPDATED_AT = """last_updated_at = CASE WHEN r.entry IS NULL THEN l.last_updated_at
                                  ELSE CAST(:now AS timestamptz) END"""


def transition(
    cause: Cause,
    rows: str,
    *,
    targets: Mapping[ListingStatus, str] | None = None,
    carried: Sequence[str] = (),
    missing: str = "l.consecutive_missing_count",
    also: Sequence[str] = (),
    session: str = "NULL",
    reason: str = "NULL",
    then: str = "SELECT count(*) FROM changed",
) -> str:
    """A statement that changes the state of live rows and writes their journal.

    They lock the rows in the order of `property_id`. A row whose state is not one that the cause
    may change keeps it, but `missing` and `also` hold for all; `status` follows the state.

    Args:
        cause: says which ways are open, and what the journal calls each.
        rows: FROM and WHERE of the rows, `properties_live` being `l`.
        targets: the states to go to, each under a condition; None: wherever the cause leads.
        carried: columns of `rows` that the arguments below use, or who reads `changed`. With
            `old_status`, `new_status` and `entry` (the journal's type, or NULL) they are `r`.
        missing, also: how often the row is missing from now on; further assignments.
        session, reason: of the journal's entry.
        then: the end of the statement, which may read the CTE `changed`; else it counts the rows.

    Raises:
        ValueError: when the cause leads to none of the targets.
    """
    ways = _open_ways(cause, targets)
    entry = _case(ways, lambda way: f"'{way.entry}'" if way.entry else "NULL")
    return f"""WITH locked AS (
    SELECT {", ".join(("l.property_id", "l.city", *carried))}, l.listing_status AS old_status,
           coalesce({_case(ways, lambda way: f"'{way.new}'")}, l.listing_status) AS new_status,
           {entry} AS entry
    {rows}
     ORDER BY l.property_id FOR UPDATE OF l
), changed AS (
    UPDATE properties_live l
       SET listing_status = r.new_status, status = {_older_status(missing)}, updated_at = now(),
           {", ".join((f"consecutive_missing_count = {missing}", *_updating(also)))}
      FROM locked r WHERE l.property_id = r.property_id
    RETURNING r.*
){_JOURNALLED.format(session=session, reason=reason)} {then}"""


def _updating(also: Sequence[str]) -> Sequence[str]:
    is_set = any(each.startswith("last_updated_at ") for each in also)
    return also if is_set else (*also, _UPDATED_AT)


def _open_ways(
    cause: Cause, targets: Mapping[ListingStatus, str] | None
) -> list[tuple[Transition, str]]:
    """The cause's ways to the targets, each with its condition."""
    ways = states.transitions_of(cause)
    led_to = {way.new for way in ways}
    if closed := [each for each in targets or () if each not in led_to]:
        raise ValueError(f"no listing becomes {', '.join(closed)} because {cause}")
    return [
        (way, "true" if targets is None else targets[way.new])
        for way in ways
        if targets is None or way.new in targets
    ]


def _case(ways: Iterable[tuple[Transition, str]], said: Callable[[Transition], str]) -> str:
    """By the row's state and the conditions, what is said of a way; NULL where none is open."""
    whens = [
        f"WHEN l.listing_status IN {words(sorted(way.old))} AND ({condition}) THEN {said(way)}"
        for way, condition in ways
    ]
    return f"CASE {' '.join(whens)} END"


def _older_status(missing: str) -> str:
    """The older column's word; none of its own for what is likely removed and not missing long."""
    whens = [
        f"WHEN r.new_status = '{state}' THEN '{word}'"
        for state, word in states.OLDER_STATUS.items()
    ]
    inactive = f"WHEN {missing} >= {states.INACTIVE_AFTER} THEN '{states.OLDER_INACTIVE}'"
    return f"CASE {' '.join((*whens, inactive))} ELSE l.status END"
