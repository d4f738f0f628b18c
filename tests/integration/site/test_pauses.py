"""A pause ends as it began: by a person, or by itself once the site answers again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.site.pace import ALL, PAGES
from pincali_sync.exceptions import BlockedError
from tests.support.builders import rows, value
from tests.support.clock import FixedClock

Meanwhile = Callable[[], Awaitable[object]]


class Probe:
    """What the one request shows, and what happens while it is under way."""

    def __init__(
        self, shown: str | BlockedError | None, meanwhile: Meanwhile | None = None
    ) -> None:
        self.shown, self.meanwhile = shown, meanwhile
        self.asked = 0

    async def __call__(self) -> str | None:
        self.asked += 1
        if self.meanwhile is not None:
            await self.meanwhile()
        if isinstance(self.shown, BlockedError):
            raise self.shown
        return self.shown


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def services(db: Database, clock: FixedClock) -> Services:
    return build_services(load_config(), db=db, clock=clock)


SHOWN = (None, "HTTP 503", BlockedError("the site refuses us: challenge (HTTP 202)"))


@pytest.mark.parametrize("kind", ["person", "refused"])
@pytest.mark.parametrize("shown", SHOWN)
async def test_what_began_while_a_busy_site_was_asked_stays_until_a_person_ends_it(
    services: Services, clock: FixedClock, shown: str | BlockedError | None, kind: str
) -> None:
    pauses = services.pauses
    await pauses.back_off(reason="HTTP 503 six times")
    clock.advance(minutes=16)

    async def pause_everything() -> None:
        await pauses.pause(None, reason="by request", kind=kind)

    assert not await pauses.try_again(Probe(shown, pause_everything))
    [pause] = [each for each in await pauses.in_force() if each.scope == ALL]
    assert (pause.kind, pause.reason, pause.resume_after) == (kind, "by request", None)


async def test_a_later_rest_of_a_busy_site_is_not_ended_by_an_answer_to_the_earlier_one(
    services: Services, clock: FixedClock
) -> None:
    pauses = services.pauses
    await pauses.back_off(reason="HTTP 503 six times")
    clock.advance(minutes=16)

    async def resume_and_fail_again() -> None:
        await pauses.resume(None)
        await pauses.back_off(reason="HTTP 502 six times")

    assert not await pauses.try_again(Probe(None, resume_and_fail_again))
    [pause] = await pauses.in_force()
    assert pause.reason == "HTTP 502 six times"


async def test_pages_are_not_asked_for_while_a_person_has_everything_rest(
    services: Services, clock: FixedClock
) -> None:
    pauses, probe = services.pauses, Probe(None)
    await pauses.refused(PAGES, reason="a challenge")
    await pauses.ask_again()
    await pauses.pause(None, reason="maintenance")
    clock.advance(minutes=1)
    assert not await pauses.try_again(probe)
    assert probe.asked == 0
    await pauses.resume(ALL)
    assert await pauses.try_again(probe)
    assert await pauses.in_force() == []


async def test_what_the_site_asks_for_holds_on_when_its_rest_ends_by_itself(
    services: Services, db: Database, clock: FixedClock
) -> None:
    pauses, pace = services.pauses, services.pace
    for _ in range(6):
        assert await pace.refused(1)
        await rows(db, "UPDATE site_pace SET held_until = clock_timestamp()")
    await pauses.back_off(reason="HTTP 503 six times")
    clock.advance(minutes=16)
    assert await pauses.try_again(Probe(None, lambda: pace.hold(3600)))
    held = "SELECT held_until > clock_timestamp() + interval '59 minutes' FROM site_pace"
    assert await value(db, held)
    # And the good answer ended the row.
    assert await value(db, "SELECT strikes FROM site_pace") == 0


async def test_a_row_of_refusals_ends_by_a_good_answer_and_not_by_the_end_of_a_rest(
    services: Services, db: Database, clock: FixedClock
) -> None:
    pauses, probe = services.pauses, Probe(None)
    await services.pace.refused(1)
    await rows(db, "UPDATE site_pace SET held_until = clock_timestamp()")
    await pauses.refused(PAGES, reason="a challenge")
    await pauses.back_off(reason="HTTP 503 six times")
    clock.advance(hours=6)
    assert await pauses.try_again(probe)
    assert probe.asked == 0
    assert await value(db, "SELECT strikes FROM site_pace") == 1


async def test_no_tick_waits_for_the_rest_that_the_site_asked_for(
    services: Services, db: Database, clock: FixedClock
) -> None:
    pauses, probe = services.pauses, Probe(None)
    await services.pace.refused(3600)
    await pauses.back_off(reason="HTTP 503 six times")
    await pauses.refused(PAGES, reason="a challenge")
    await pauses.ask_again()
    clock.advance(hours=7)
    assert not await pauses.try_again(probe)
    await db.run(lambda tx: tx.pauses.resume(ALL))  # and the timeline stays as it is
    assert not await pauses.try_again(probe)
    assert probe.asked == 0
    await rows(db, "UPDATE site_pace SET held_until = clock_timestamp()")
    assert await pauses.try_again(probe)
    assert probe.asked == 1


async def test_a_hold_that_ended_before_the_clock_was_set_back_keeps_no_rest_from_ending(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await services.pace.hold(-120)
    await rows(
        db,
        """UPDATE site_pace SET held_until = held_until + interval '59 minutes',
                  written_at = written_at + interval '1 hour'""",
    )
    await services.pauses.back_off(reason="HTTP 503 six times")
    clock.advance(minutes=16)
    assert await services.pauses.try_again(Probe(None))


async def test_a_site_that_is_still_busy_is_left_alone_from_its_answer_on(
    services: Services, clock: FixedClock
) -> None:
    pauses = services.pauses

    async def answer_after_an_hour() -> None:
        clock.advance(hours=1)

    probe = Probe("HTTP 503", answer_after_an_hour)
    await pauses.back_off(reason="HTTP 503 six times")
    clock.advance(minutes=16)
    assert not await pauses.try_again(probe)
    clock.advance(minutes=29)
    assert not await pauses.try_again(probe)
    assert probe.asked == 1
    clock.advance(minutes=2)
    await pauses.try_again(probe)
    assert probe.asked == 2
