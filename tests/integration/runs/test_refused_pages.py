"""While the site refuses pages they rest, and the sitemap tells who is there and who is new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.site.pace import PAGES, SITEMAP
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import BlockedError, PausedError
from pincali_sync.items import FetchedShard
from pincali_sync.services.scheduler_service import SchedulerService
from tests.integration.site.test_sitemap import SHARD, add_three, counts, read, urls
from tests.support.builders import entry, id_of, page, rows, value
from tests.support.clock import FixedClock
from tests.support.stage import Stage


@pytest.fixture
def clock() -> FixedClock:
    clock = FixedClock()
    clock.advance(hours=18)  # midnight in Mexico, of Monday
    return clock


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


@pytest.fixture
def ticks(stage: Stage) -> SchedulerService:
    config = stage.services.config.model_copy(update={"tiers_enabled": (1, 2, 3, 4)})
    return build_services(config, clock=stage.clock, db=stage.db).scheduler(stage.runner)


async def refuse(stage: Stage, what: str = PAGES) -> None:
    await stage.services.pauses.refused(what, reason="the site refuses us: challenge (HTTP 202)")


async def read_sitemap(stage: Stage, *slugs: str) -> None:
    """Does the job that was ordered; the sitemap has these listings."""
    [spec] = stage.runner.ordered
    assert spec.spider == "sitemap"
    stage.runner.ordered = []
    ticket = await stage.begin(spec)
    sitemap = stage.services.sitemap
    await sitemap.begin(ticket, shards=1)
    shard = FetchedShard(url=SHARD, body=urls(*slugs), dated_at=stage.clock.now())
    await sitemap.record_shard(shard, ticket)
    await sitemap.finish(ticket)
    await stage.end(ticket)


async def days(stage: Stage, ticks: SchedulerService, *sitemaps: Sequence[str]) -> None:
    """A day for each of these sitemaps, with a tick every six hours."""
    for slugs in sitemaps:
        await ticks.tick()
        await read_sitemap(stage, *slugs)
        for _ in range(4):
            assert await ticks.tick() == []
            assert stage.runner.ordered == []
            stage.clock.advance(hours=6)


async def test_the_sitemap_alone_is_read_once_a_day(stage: Stage, ticks: SchedulerService) -> None:
    await refuse(stage)
    await days(stage, ticks, ["casa-1"], ["casa-1", "casa-2"])
    assert await value(stage.db, "SELECT count(*) FROM sync_runs") == 0
    # The newcomers are known by their URLs, and wait.
    waiting = await rows(stage.db, "SELECT property_id, queue_reason, status FROM scrape_queue")
    assert {row["property_id"] for row in waiting} == {id_of("casa-1"), id_of("casa-2")}
    assert {(row["queue_reason"], row["status"]) for row in waiting} == {("sitemap", "pending")}


async def test_what_two_complete_sitemaps_dropped_is_likely_removed_and_no_more(
    stage: Stage, ticks: SchedulerService
) -> None:
    await add_three(stage.db)
    everything = [f"casa-{n}" for n in range(1, 4)] + [f"casa-{n}" for n in range(10, 60)]
    await refuse(stage)
    await days(stage, ticks, everything)
    dropped = [each for each in everything if each != "casa-1"]
    await days(stage, ticks, dropped)
    state = "SELECT listing_status, status FROM properties_live WHERE property_id = :id"
    assert (await counts(stage.db))[id_of("casa-1")] == 1
    await days(stage, ticks, dropped, dropped, dropped, dropped)
    assert await counts(stage.db) == {id_of("casa-1"): 2, id_of("casa-2"): 0, id_of("casa-3"): 0}
    [row] = await rows(stage.db, state, id=id_of("casa-1"))
    assert row == {"listing_status": "likely_removed", "status": "active"}
    # It is listed again: it was there all the time.
    await days(stage, ticks, everything)
    [row] = await rows(stage.db, state, id=id_of("casa-1"))
    assert row == {"listing_status": "active", "status": "active"}


EVERYTHING = [f"casa-{n}" for n in range(1, 60)]
DROPPED = EVERYTHING[1:]


async def remove(db: Database, clock: FixedClock) -> None:
    """Its page proved casa-1 gone, and no card has shown it since."""
    for state, older in (("likely_removed", "active"), ("confirmed_removed", "removed")):
        await rows(
            db,
            """UPDATE properties_live SET listing_status = :state, status = :older
                WHERE property_id = :id""",
            state=state,
            older=older,
            id=id_of("casa-1"),
        )
    await rows(
        db,
        """INSERT INTO property_changes (property_id, change_type, field_name, created_at)
           VALUES (:id, 'removed', 'listing_status', :now)""",
        id=id_of("casa-1"),
        now=clock.now(),
    )
    clock.advance(minutes=1)


async def state(db: Database) -> tuple[str, bool]:
    """What is known of casa-1, and whether its page is wanted."""
    [row] = await rows(
        db,
        """SELECT l.listing_status, m.needs_full_scrape
             FROM properties_live l JOIN property_manifest m USING (property_id)
            WHERE property_id = :id""",
        id=id_of("casa-1"),
    )
    return row["listing_status"], row["needs_full_scrape"]


async def test_what_was_removed_and_dropped_and_is_listed_again_is_there_again(
    stage: Stage, ticks: SchedulerService
) -> None:
    await add_three(stage.db)
    await refuse(stage)
    await days(stage, ticks, EVERYTHING, DROPPED)
    await remove(stage.db, stage.clock)
    await days(stage, ticks, DROPPED, EVERYTHING)
    assert await state(stage.db) == ("relisted", True)
    told = await rows(
        stage.db,
        """SELECT old_value, new_value, change_reason FROM property_changes
            WHERE change_type = 'reactivated'""",
    )
    assert told == [
        {
            "old_value": "confirmed_removed",
            "new_value": "relisted",
            "change_reason": "the sitemap lists it again",
        }
    ]


@pytest.mark.parametrize(
    ("before", "since"),
    [
        # It lags: it has listed the listing all the time.
        ([EVERYTHING], [EVERYTHING, EVERYTHING]),
        # Dropped before the removal, and back before any sitemap lacked it since.
        ([EVERYTHING, DROPPED], [EVERYTHING]),
    ],
)
async def test_what_the_sitemap_goes_on_listing_is_not_there_again_by_that(
    stage: Stage,
    ticks: SchedulerService,
    before: Sequence[Sequence[str]],
    since: Sequence[Sequence[str]],
) -> None:
    await add_three(stage.db)
    await refuse(stage)
    await days(stage, ticks, *before)
    await remove(stage.db, stage.clock)
    await days(stage, ticks, *since)
    assert await state(stage.db) == ("confirmed_removed", False)


@pytest.mark.parametrize("moves", [True, False])
async def test_what_was_in_another_shard_or_in_none_that_could_be_read_is_not_there_again(
    stage: Stage, ticks: SchedulerService, moves: bool
) -> None:
    await add_three(stage.db)
    await refuse(stage)
    await days(stage, ticks, EVERYTHING)
    await remove(stage.db, stage.clock)
    if moves:
        shards = {SHARD: urls(*DROPPED), f"{SHARD}?2": urls("casa-1")}
    else:
        await ticks.tick()
        await read_sitemap(stage, "casa-2")  # not whole
        stage.clock.advance(hours=6)
        shards = {SHARD: urls(*EVERYTHING)}
    await ticks.tick()
    ticket = await stage.begin(stage.runner.ordered.pop())
    sitemap = stage.services.sitemap
    await sitemap.begin(ticket, shards=len(shards))
    for url, body in shards.items():
        shard = FetchedShard(url=url, body=body, dated_at=stage.clock.now())
        await sitemap.record_shard(shard, ticket)
    await sitemap.finish(ticket)
    assert await state(stage.db) == ("confirmed_removed", False)


async def test_while_pages_are_shown_they_and_not_the_sitemap_say_what_is_there_again(
    stage: Stage, services: Services
) -> None:
    await add_three(stage.db)
    await read(services, *EVERYTHING)
    await remove(stage.db, stage.clock)
    for slugs in (DROPPED, EVERYTHING):
        stage.clock.advance(days=1)
        assert (await read(services, *slugs)).is_complete
    assert await state(stage.db) == ("confirmed_removed", False)


async def test_a_sitemap_that_was_not_whole_is_read_again_when_it_may_be(
    stage: Stage, ticks: SchedulerService, clock: FixedClock
) -> None:
    await refuse(stage)
    await days(stage, ticks, EVERYTHING)
    await ticks.tick()
    await read_sitemap(stage, "casa-1")
    clock.advance(hours=5)
    await ticks.tick()
    assert stage.runner.ordered == []
    clock.advance(hours=1)
    await ticks.tick()
    await read_sitemap(stage, *EVERYTHING)
    for _ in range(2):
        clock.advance(hours=8)
        await ticks.tick()
        assert stage.runner.ordered == []


async def test_what_was_only_likely_is_looked_at_first_when_the_doors_open(
    stage: Stage, ticks: SchedulerService
) -> None:
    await add_three(stage.db)
    await refuse(stage)
    await days(stage, ticks, EVERYTHING, DROPPED, DROPPED)
    await stage.services.pauses.resume(PAGES)
    # A listing that was just seen tells how the site shows what is there.
    ticket = await stage.shop.begin()
    await stage.shop.scan(page(entry("casa-2", public_id="EB-AA0002")), ticket=ticket)
    await ticks.tick(start_due=False)
    assert "verification" in {spec.spider for spec in stage.runner.ordered}
    queued = await stage.shop.queued("casa-1")
    assert [row["queue_reason"] for row in queued] == ["verification"]


async def test_a_person_and_the_sitemaps_own_refusal_let_it_rest_too(
    stage: Stage, ticks: SchedulerService
) -> None:
    await refuse(stage)
    await stage.services.pauses.pause(None, reason="maintenance")
    await ticks.tick()
    await stage.services.pauses.resume("all")
    await refuse(stage, SITEMAP)
    await ticks.tick()
    assert stage.runner.ordered == []
    await stage.services.pauses.resume(SITEMAP)
    await ticks.tick()
    assert [spec.spider for spec in stage.runner.ordered] == ["sitemap"]


async def test_without_an_index_nothing_is_asked_for_before_the_next_day(
    stage: Stage, ticks: SchedulerService, clock: FixedClock
) -> None:
    await refuse(stage)
    await ticks.tick()
    await stage.end_all("no_sitemap_index", "sitemap")
    for _ in range(23):
        clock.advance(hours=1)
        await ticks.tick()
        assert stage.runner.ordered == []
    clock.advance(hours=1)
    await ticks.tick()
    assert [spec.spider for spec in stage.runner.ordered] == ["sitemap"]


async def test_a_tier_whose_sitemap_is_refused_goes_on_without(stage: Stage) -> None:
    await refuse(stage, SITEMAP)
    await stage.start(Tier.DAILY_SYNC)
    await stage.tick()
    await stage.end_all("paused", "sitemap")  # before it asked for anything
    await stage.scan_all()
    run = await stage.tick()
    assert run.step != "scan"
    assert "the site refuses it" in str(run.details.sitemap_error)


async def test_a_scan_that_rested_for_days_gives_way_to_another(
    stage: Stage, ticks: SchedulerService, clock: FixedClock
) -> None:
    await stage.start(Tier.WEEKLY_DEEP)
    await stage.tick()
    await refuse(stage)
    clock.advance(hours=23)
    [run] = await stage.advance_all()
    assert run.status == "running"
    clock.advance(hours=2)
    [run] = await stage.advance_all()
    assert (run.status, run.error_summary) == (
        "failed",
        "its scan rested for more than a day; another begins when the pause is over",
    )
    stage.runner.ordered.clear()
    await stage.services.pauses.resume(None)
    clock.advance(minutes=15)  # as after any failed run
    assert [each.tier_level for each in await ticks.tick()] == [3]


@pytest.mark.parametrize("wrong", ["HTTP 503", None])
async def test_pages_are_resumed_by_one_request_that_shows_them(
    stage: Stage, wrong: str | None
) -> None:
    asked: list[str | None] = []

    async def probe() -> str | None:
        asked.append(wrong)
        return wrong

    pauses = stage.services.pauses
    await refuse(stage)
    await pauses.pause(Tier.MONTHLY_REFRESH, reason="maintenance")
    resumed = ["tier:4"] if wrong else ["tier:4", "pages"]
    assert await pauses.resume_all(probe) == (resumed, wrong)
    assert await pauses.resume_all(probe) == ([], wrong)
    assert len(asked) == (2 if wrong else 1)


async def test_a_refusal_is_looked_at_again_by_the_next_tick_once_somebody_wants_it(
    stage: Stage, clock: FixedClock
) -> None:
    asked: list[int] = []

    async def probe() -> str | None:
        asked.append(1)
        raise BlockedError("the site refuses us: challenge (HTTP 202)")

    pauses = stage.services.pauses
    await refuse(stage)
    assert not await pauses.try_again(probe)
    await pauses.ask_again()
    for _ in range(2):
        clock.advance(days=1)
        assert not await pauses.try_again(probe)
    assert len(asked) == 1
    with pytest.raises(PausedError, match="asks for one page"):
        await pauses.check()


async def test_a_busy_site_is_not_asked_for_a_page_while_it_refuses_them(
    stage: Stage, clock: FixedClock
) -> None:
    async def probe() -> str | None:
        raise AssertionError("nobody knocks")

    pauses = stage.services.pauses
    await refuse(stage)
    await pauses.back_off(reason="HTTP 503 6 times in a row")
    clock.advance(hours=5, minutes=59)
    assert not await pauses.try_again(probe)
    clock.advance(minutes=2)
    assert await pauses.try_again(probe)
    assert [each.scope for each in await pauses.in_force()] == ["pages"]


async def test_presence_grows_no_older_while_price_and_details_do(
    stage: Stage, ticks: SchedulerService, clock: FixedClock
) -> None:
    await add_three(stage.db)
    await refuse(stage)
    await days(stage, ticks, *[["casa-1", "casa-2", "casa-3"]] * 3)
    told = {each.kind: each for each in await stage.db.run(lambda tx: tx.ages.of_all())}
    assert told["presence"].most is not None
    assert clock.now() - told["presence"].most <= timedelta(days=1)
    assert told["price"].median is told["details"].median is None
    snapshot = await stage.services.insights.snapshot()
    assert snapshot.pages_refused_since is not None
    assert (clock.now() - snapshot.pages_refused_since).days == 3
