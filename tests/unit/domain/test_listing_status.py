"""The ways between the states of a listing, and that nothing else knows or writes them."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from pincali_sync.domain.listing_status import PRESENT, REMOVED, TRANSITIONS, ListingStatus

ROOT = Path(__file__).parents[3]
LEGAL = {(old, way.new) for way in TRANSITIONS for old in way.old}
PAIRS = {(old, new) for old in ListingStatus for new in ListingStatus}
# What a listing may never do: no cause leads there.
ILLEGAL = {
    ("active", "relisted"),
    ("likely_removed", "relisted"),
    ("confirmed_removed", "likely_removed"),
    ("sold", "likely_removed"),
}


def test_the_causes_lead_to_all_pairs_but_the_illegal_ones() -> None:
    assert {pair for pair in PAIRS if pair[0] != pair[1]} - ILLEGAL == LEGAL


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
    assert pairs == LEGAL


def test_one_block_writes_the_state_and_one_module_knows_its_words() -> None:
    package = ROOT / "pincali_sync"
    sources = {str(path.relative_to(package)): path.read_text() for path in package.rglob("*.py")}
    assigned = re.compile(r"listing_status = (?!'|ANY|\{)|listing_status=(?!=)")
    literal = re.compile(r"'(likely_removed|confirmed_removed)'")
    assert [name for name, source in sources.items() if assigned.search(source)] == [
        "db/repositories/removal/transition.py"
    ]
    assert [name for name, source in sources.items() if literal.search(source)] == []
