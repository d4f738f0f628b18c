"""Every pair of states, through the block that changes them and past it.

The table itself is held to the migration in `tests/unit/domain/test_listing_status.py`.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.repositories.removal.transition import transition
from pincali_sync.domain.listing_status import (
    OLDER_STATUS,
    Cause,
    ListingStatus,
    transitions_of,
)
from tests.support.clock import FixedClock
from tests.unit.domain.test_listing_status import ILLEGAL, PAIRS

SESSION = uuid4()
BEGIN = "INSERT INTO scraping_sessions (id, base_url) VALUES (:id, 'x')"
ADD = """
INSERT INTO properties_live (property_id, title, source_url, listing_status, status)
VALUES (CAST(:state AS text), 'House', 'https://www.pincali.com/', CAST(:state AS text), :status)
"""
UPDATED = "SELECT property_id FROM properties_live WHERE last_updated_at = :now"
STATES = "SELECT property_id, listing_status FROM properties_live"
JOURNAL = """
SELECT property_id, change_type, old_value, new_value, session_id, change_reason, created_at
  FROM property_changes WHERE field_name = 'listing_status' ORDER BY property_id
"""


@pytest.fixture
async def listings(connection: AsyncConnection) -> AsyncConnection:
    """One listing in each state, whose id is that state."""
    await connection.execute(text(BEGIN), {"id": SESSION})
    for state in ListingStatus:
        status = OLDER_STATUS.get(state, "as it was")
        await connection.execute(text(ADD), {"state": state, "status": status})
    return connection


async def states(connection: AsyncConnection) -> dict[str, str]:
    found = await connection.execute(text(STATES))
    return {row.property_id: row.listing_status for row in found}


@pytest.mark.parametrize("new", list(ListingStatus))
@pytest.mark.parametrize("cause", list(Cause), ids=lambda cause: cause.name)
async def test_the_block_takes_the_ways_of_its_cause_and_no_other(
    listings: AsyncConnection, clock: FixedClock, cause: Cause, new: ListingStatus
) -> None:
    """For each pair: taken and journalled as the table says, refused, or left as it is."""
    ways = [each for each in transitions_of(cause) if each.new is new]
    if not ways:
        with pytest.raises(ValueError, match=f"no listing becomes {new} because"):
            transition(cause, "FROM properties_live l", targets={new: "true"})
        return
    block = transition(
        cause,
        "FROM properties_live l",
        targets={new: "true"},
        session=":session_id",
        reason="'because'",
    )
    given = {"session_id": SESSION, "now": clock.now()}
    result = await listings.execute(text(block), given)
    assert result.scalar_one() == len(ListingStatus)
    entries = {old: way.entry for way in ways for old in way.old}
    assert await states(listings) == {old: new if old in entries else old for old in ListingStatus}
    journal = [tuple(row) for row in await listings.execute(text(JOURNAL))]
    assert journal == [
        (old, entry, old, new, SESSION, "because", clock.now())
        for old, entry in sorted(entries.items())
        if entry is not None
    ]
    updated = await listings.execute(text(UPDATED), {"now": clock.now()})
    assert {*updated.scalars()} == {old for old, entry in entries.items() if entry is not None}
    await listings.execute(text(block), given)
    assert len(list(await listings.execute(text(JOURNAL)))) == len(journal)


async def test_without_targets_each_state_goes_where_the_cause_leads(
    listings: AsyncConnection, clock: FixedClock
) -> None:
    block = transition(Cause.CARD, "FROM properties_live l", missing="0")
    await listings.execute(text(block), {"now": clock.now()})
    assert await states(listings) == {
        "active": "active",
        "likely_removed": "active",
        "confirmed_removed": "relisted",
        "sold": "relisted",
        "relisted": "relisted",
    }


async def test_the_older_column_follows(listings: AsyncConnection, clock: FixedClock) -> None:
    was = OLDER_STATUS[ListingStatus.ACTIVE]
    for missing, words in ((2, {was, "as it was"}), (3, {"inactive"})):
        block = transition(Cause.MISSING, "FROM properties_live l", missing=str(missing))
        await listings.execute(text(block), {"now": clock.now()})
        found = await listings.execute(text("SELECT listing_status, status FROM properties_live"))
        for row in found:
            own = OLDER_STATUS.get(ListingStatus(row.listing_status))
            assert row.status in ({own} if own else words)


@pytest.mark.parametrize(("old", "new"), sorted(PAIRS))
async def test_the_database_refuses_what_no_cause_leads_to(
    listings: AsyncConnection, old: ListingStatus, new: ListingStatus
) -> None:
    status = OLDER_STATUS.get(new, "inactive")
    statement = text(
        f"UPDATE properties_live SET listing_status = :new, status = '{status}' "
        "WHERE property_id = :old"
    )
    if (old, new) in ILLEGAL:
        with pytest.raises(
            IntegrityError, match=f"no listing goes from listing_status {old} to {new}"
        ):
            await listings.execute(statement, {"old": old, "new": new})
    else:
        await listings.execute(statement, {"old": old, "new": new})
        assert (await states(listings))[old] == new
