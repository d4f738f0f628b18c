"""Every pair of states, through the block that changes them and past it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.repositories.removal.transition import count_changed, transition
from pincali_sync.domain.listing_status import (
    OLDER_STATUS,
    PRESENT,
    REMOVED,
    TRANSITIONS,
    Cause,
    ListingStatus,
    legal_pairs,
    transitions_of,
)
from tests.support.clock import FixedClock

ROOT = Path(__file__).parents[3]
SESSION = uuid4()
PAIRS = {(old, new) for old in ListingStatus for new in ListingStatus}
# What a listing may never do: no cause leads there.
ILLEGAL = {
    ("active", "relisted"),
    ("likely_removed", "relisted"),
    ("confirmed_removed", "likely_removed"),
    ("sold", "likely_removed"),
}
BEGIN = "INSERT INTO scraping_sessions (id, base_url) VALUES (:id, 'x')"
ADD = """
INSERT INTO properties_live (property_id, title, source_url, listing_status, status)
VALUES (CAST(:state AS text), 'House', 'https://www.pincali.com/', CAST(:state AS text),
        'as it was')
"""
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
        await connection.execute(text(ADD), {"state": state})
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
    result = await listings.execute(text(count_changed(block)), given)
    assert result.scalar_one() == len(ListingStatus)
    entries = {old: way.entry for way in ways for old in way.old}
    assert await states(listings) == {old: new if old in entries else old for old in ListingStatus}
    journal = [tuple(row) for row in await listings.execute(text(JOURNAL))]
    assert journal == [
        (old, entry, old, new, SESSION, "because", clock.now())
        for old, entry in sorted(entries.items())
        if entry is not None
    ]
    await listings.execute(text(count_changed(block)), given)
    assert len(list(await listings.execute(text(JOURNAL)))) == len(journal)


async def test_without_targets_each_state_goes_where_the_cause_leads(
    listings: AsyncConnection, clock: FixedClock
) -> None:
    block = transition(Cause.CARD, "FROM properties_live l", missing="0")
    await listings.execute(text(count_changed(block)), {"now": clock.now()})
    assert await states(listings) == {
        "active": "active",
        "likely_removed": "active",
        "confirmed_removed": "relisted",
        "sold": "relisted",
        "relisted": "relisted",
    }


async def test_the_older_column_follows(listings: AsyncConnection, clock: FixedClock) -> None:
    for missing, word in ((2, "as it was"), (3, "inactive")):
        block = transition(Cause.MISSING, "FROM properties_live l", missing=str(missing))
        await listings.execute(text(count_changed(block)), {"now": clock.now()})
        found = await listings.execute(text("SELECT listing_status, status FROM properties_live"))
        expected = {**OLDER_STATUS, ListingStatus.LIKELY_REMOVED: word}
        for row in found:
            assert row.status == expected[ListingStatus(row.listing_status)]


@pytest.mark.parametrize(("old", "new"), sorted(PAIRS))
async def test_the_database_refuses_what_no_cause_leads_to(
    listings: AsyncConnection, old: ListingStatus, new: ListingStatus
) -> None:
    statement = text("UPDATE properties_live SET listing_status = :new WHERE property_id = :old")
    if (old, new) in ILLEGAL:
        with pytest.raises(
            IntegrityError, match=f"no listing goes from listing_status {old} to {new}"
        ):
            await listings.execute(statement, {"old": old, "new": new})
    else:
        await listings.execute(statement, {"old": old, "new": new})
        assert (await states(listings))[old] == new


def test_the_causes_lead_to_all_pairs_but_the_illegal_ones() -> None:
    assert legal_pairs() == {pair for pair in PAIRS if pair[0] != pair[1]} - ILLEGAL


def test_no_way_leads_nowhere_and_none_is_told_twice() -> None:
    told = [(way.cause, old, way.new) for way in TRANSITIONS for old in way.old]
    assert len(told) == len(set(told))
    assert all(old != new for _, old, new in told)
    assert {*PRESENT, *REMOVED} == set(ListingStatus)


def test_the_migration_holds_the_same_pairs() -> None:
    path = ROOT / "migrations/versions/0008_transitions.py"
    spec = importlib.util.spec_from_file_location("transitions", path)
    assert spec is not None
    assert spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    pairs = {(old, new) for old, states in migration.FOLLOWS.items() for new in states}
    assert pairs == legal_pairs()


def test_one_block_writes_the_state_and_one_module_knows_its_words() -> None:
    package = ROOT / "pincali_sync"
    sources = {str(path.relative_to(package)): path.read_text() for path in package.rglob("*.py")}
    assigned = re.compile(r"listing_status = (?!'|ANY|\{)|listing_status=(?!=)")
    literal = re.compile(r"'(likely_removed|confirmed_removed)'")
    assert [name for name, source in sources.items() if assigned.search(source)] == [
        "db/repositories/removal/transition.py"
    ]
    assert [name for name, source in sources.items() if literal.search(source)] == []
