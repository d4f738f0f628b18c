"""One clock for all processes, and none beside it."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pincali_sync
from pincali_sync.clock import SharedClock
from tests.support.clock import FixedClock

EPOCH = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()
PACKAGE = Path(pincali_sync.__path__[0])
# Who looks at the machine's clock, and why that is compared with nobody else's.
OWN_CLOCK = {
    "clock.py": "it is the machine's clock",
    "doctor/precautions.py": "a file's age, on this machine",
    "aio.py": "days before now, ahead of any question to the database",
    "cli/filter_options.py": "days before now, ahead of any question to the database",
    "runner/webhook.py": "for an answer with a date",
    "cookies.py": "what a browser would do with a cookie, on this machine",
    "domain/headers.py": "for an answer without a date",
    "pages/facts.py": "a year, give or take some",
    "runner/scrapyd.py": "the name of what is deployed",
}
ASKING = {"now", "utcnow", "today", "time", "time_ns"}


class Machine:
    """A steady clock, and a database that is asked the time."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.set_by = 0.0
        self.wall = FixedClock()
        self.clock = SharedClock(machine=self.wall, steady=lambda: self.seconds)

    def database_time(self) -> float:
        return EPOCH + self.seconds - 1_000 + self.set_by

    def look(self, *, there: float = 0.0, back: float = 0.0) -> None:
        """The database is asked, which takes so many seconds each way."""
        asked_at = self.clock.ask()
        self.seconds += there
        epoch = self.database_time()
        self.seconds += back
        self.clock.tell(epoch, asked_at=asked_at)

    def error(self) -> float:
        return self.clock.now().timestamp() - self.database_time()


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_before_it_is_told_it_is_the_machines(machine: Machine) -> None:
    assert machine.clock.now() == machine.wall.now()
    assert machine.clock.is_due


@pytest.mark.parametrize("minutes", [-120, 0, 2, 600])
def test_a_machine_that_is_wrong_goes_by_the_databases(machine: Machine, minutes: int) -> None:
    machine.wall.advance(minutes=minutes)
    machine.look(there=0.01, back=0.01)
    assert abs(machine.error()) <= 0.01
    machine.seconds += 3_600  # also one that is not told again for long
    assert abs(machine.error()) <= 0.01


def test_whoever_sets_the_machines_clock_moves_nothing(machine: Machine) -> None:
    machine.look()
    machine.wall.advance(hours=-3)
    assert abs(machine.error()) < 0.001


def test_it_is_told_anew_every_ten_seconds(machine: Machine) -> None:
    machine.look()
    machine.seconds += 9
    assert not machine.clock.is_due
    machine.seconds += 2
    assert machine.clock.is_due


def test_a_slow_answer_moves_nothing(machine: Machine) -> None:
    machine.look(there=0.001, back=0.001)
    before = machine.error()
    machine.look(there=30, back=1)
    assert machine.error() == before


@pytest.mark.parametrize(("seconds", "way"), [(3_600.0, "forward"), (-600.0, "back")])
def test_a_database_whose_clock_is_set_is_followed_and_told_of(
    machine: Machine, seconds: float, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    machine.look()
    machine.set_by = seconds
    for _ in range(3):
        machine.look()
    assert abs(machine.error()) < 0.001
    [line] = [record.getMessage() for record in caplog.records]
    assert f"was set {way} by {abs(seconds):.0f} s" in line


@given(
    st.lists(
        st.tuples(
            st.floats(0, 60),  # seconds that pass
            st.floats(0, 5),  # there
            st.floats(0, 5),  # back
            st.floats(-1e5, 1e5),  # set by so much
        ),
        min_size=1,
    )
)
def test_it_is_never_further_off_than_an_answer_takes(
    looks: list[tuple[float, float, float, float]],
) -> None:
    machine = Machine()
    for passed, there, back, moved in looks:
        machine.seconds += passed
        machine.set_by += moved
        machine.look(there=there, back=back)
        assert abs(machine.error()) <= there + back + 0.001


@pytest.mark.parametrize(
    ("ahead", "said"), [(130, "130 s ahead of"), (-130, "130 s behind"), (9, None), (-9, None)]
)
def test_a_machine_whose_clock_is_wrong_is_told_of_with_the_remedy(
    machine: Machine, ahead: int, said: str | None
) -> None:
    machine.look()
    machine.wall.advance(seconds=ahead)
    objection = machine.clock.objection
    assert (objection is None) is (said is None)
    if objection is not None:
        assert said is not None
        assert said in objection
        assert "timedatectl set-ntp true" in objection


def test_nobody_looks_at_a_clock_of_their_own() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ASKING
        and ast.unparse(node.func.value) in {"datetime", "date", "time", "datetime.datetime"}
    }
    assert found == OWN_CLOCK.keys()
