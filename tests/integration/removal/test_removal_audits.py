"""Confirmed removals are looked at again, and how often they were wrong is measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.domain.liveness import Judgement, Verdict
from pincali_sync.items import QueuedProperty
from tests.support.builders import SITE, Workshop, add_live, add_queued, id_of, rows, value
from tests.support.clock import FixedClock
from tests.support.scans import seen, shown_alive

TOKEN = uuid4()
JOURNALLED = """INSERT INTO property_changes (property_id, change_type, field_name, created_at)
                VALUES (:id, 'removed', 'listing_status', :at)"""
ALIVE = Judgement(verdict=Verdict.ALIVE, evidence="the page shows its id")


@pytest.fixture
def services(db: Database, clock: FixedClock) -> Services:
    config = load_config(pincali_base_url=SITE, removal_audit_size=3)
    return build_services(config, clock=clock, db=db)


async def remove(db: Database, *slugs: str, at: datetime) -> None:
    """Listings whose removal was confirmed at a time."""
    for slug in slugs:
        await add_live(db, slug, listing_status="confirmed_removed", status="removed", visits=1)
        await rows(db, JOURNALLED, id=id_of(slug), at=at)


async def drawn(db: Database) -> set[str]:
    return {row["property_id"] for row in await rows(db, "SELECT * FROM removal_audits")}


async def claim(services: Services) -> dict[str, QueuedProperty]:
    claimed = await services.queue.claim_next_batch(
        100, "worker-1", lease_token=TOKEN, verification=True
    )
    return {each.property_id: each for each in claimed}


async def record(services: Services, *results: VerificationResult) -> None:
    ticket = await services.jobs.begin(uuid4(), spider="verification", source=None)
    await services.verification.record(
        results, ticket=ticket, lease_token=TOKEN, rules=(), max_attempts=3
    )


async def test_a_week_draws_so_many_of_its_removals_and_draws_once(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await remove(db, *(f"house-{n}" for n in range(6)), at=clock.now() - timedelta(days=2))
    assert await services.audit.draw() == 3
    assert await services.audit.draw() == 0
    assert len(await drawn(db)) == 3


async def test_a_later_week_draws_what_was_not_drawn_before(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await remove(db, "house-1", "house-2", at=clock.now())
    clock.advance(hours=1)
    assert await services.audit.draw() == 2
    clock.advance(days=7)
    await remove(db, "house-3", at=clock.now() - timedelta(days=1))
    assert await services.audit.draw() == 1
    assert id_of("house-3") in await drawn(db)


async def test_only_recent_removals_that_still_stand_are_drawn(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await remove(db, "long-gone", at=clock.now() - timedelta(days=9))
    await remove(db, "came-back", at=clock.now() - timedelta(days=1))
    await rows(
        db,
        "UPDATE properties_live SET listing_status = 'relisted', status = 'active' "
        "WHERE title LIKE '%back'",
    )
    assert await services.audit.draw() == 0


async def test_the_verification_spider_looks_at_them_after_everything_else(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await remove(db, "house-1", at=clock.now() - timedelta(days=1))
    await services.audit.draw()
    assert await services.audit.queue_waiting() == 1
    assert await services.audit.queue_waiting() == 0
    assert await services.queue.claim_next_batch(10, "w", lease_token=uuid4()) == []
    [queued] = (await claim(services)).values()
    assert (queued.priority, queued.queue_reason) == (5, "removal_audit")


async def test_what_they_show_gives_the_rate_with_its_interval(
    services: Services, db: Database, clock: FixedClock, shop: Workshop
) -> None:
    await remove(db, "house-1", "house-2", "house-3", at=clock.now() - timedelta(days=1))
    await services.audit.draw()
    await services.audit.queue_waiting()
    claimed = await claim(services)
    looks = (
        shown_alive(claimed[id_of("house-1")], ALIVE),
        seen(claimed[id_of("house-2")], 404),
        seen(claimed[id_of("house-3")], 409),
    )
    looked_at = clock.now()
    clock.advance(seconds=30)  # until they are kept
    await record(services, *(replace(each, looked_at=looked_at) for each in looks))
    assert await services.audit.queue_waiting() == 0
    audit = (await services.insights.snapshot()).audit
    assert (audit.alive, audit.gone, audit.unknown, audit.waiting) == (1, 1, 1, 0)
    # The mistake ends with its discovery.
    assert (await shop.live("house-1"))["listing_status"] == "active"
    assert (await shop.live("house-2"))["listing_status"] == "confirmed_removed"


async def test_a_draw_that_found_no_place_in_the_queue_is_queued_later(
    db: Database, clock: FixedClock
) -> None:
    crowded = build_services(
        load_config(pincali_base_url=SITE, queue_max_pending=1), clock=clock, db=db
    )
    await rows(
        db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, queued_at, available_at)
           VALUES ('p', 'x', 1, :now, :now)""",
        now=clock.now(),
    )
    await remove(db, "house-1", at=clock.now() - timedelta(days=1))
    await crowded.audit.draw()
    assert await crowded.audit.queue_waiting() == 0
    await rows(db, "UPDATE scrape_queue SET status = 'completed', completed_at = now()")
    clock.advance(days=1)
    assert await crowded.audit.queue_waiting() == 1


async def test_a_listing_that_came_back_meanwhile_is_not_looked_for(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await remove(db, "house-1", at=clock.now() - timedelta(days=1))
    await services.audit.draw()
    await rows(db, "UPDATE properties_live SET listing_status = 'relisted', status = 'active'")
    assert await services.audit.queue_waiting() == 0
    assert await value(db, "SELECT count(*) FROM scrape_queue") == 0


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("returned", [("relisted",), ("relisted", "likely_removed"), ()])
async def test_a_listing_that_came_back_by_itself_is_judged_by_no_later_look(
    services: Services,
    db: Database,
    clock: FixedClock,
    returned: tuple[str, ...],
    is_there: bool,
) -> None:
    await remove(db, "house-1", at=clock.now() - timedelta(days=1))
    await services.audit.draw()
    clock.advance(days=20)  # meanwhile it was listed, and maybe was missed or removed once more
    for state in returned:
        await rows(
            db,
            "UPDATE properties_live SET listing_status = :state, status = 'active'",
            state=state,
        )
    if not returned:
        await rows(db, JOURNALLED, id=id_of("house-1"), at=clock.now())
    await add_queued(db, "house-1", clock, queue_reason="verification", priority=3)
    [queued] = (await claim(services)).values()
    await record(services, shown_alive(queued, ALIVE) if is_there else seen(queued, 404))
    audit = (await services.insights.snapshot()).audit
    assert (audit.alive, audit.gone, audit.waiting) == (0, 0, 1)


async def test_an_audit_is_settled_by_its_look_and_not_by_what_a_page_said_by_the_way(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await remove(db, "house-1", at=clock.now() - timedelta(days=1))
    await services.audit.draw()
    await services.audit.queue_waiting()
    await rows(
        db,
        """INSERT INTO removal_checks
                  (property_id, session_id, verdict, evidence, url, checked_at)
           VALUES (:id, :session_id, 'unknown', 'x', 'x', :now)""",
        id=id_of("house-1"),
        session_id=uuid4(),
        now=clock.now(),
    )
    [queued] = (await claim(services)).values()
    await record(services, seen(queued, 404))
    audit = (await services.insights.snapshot()).audit
    assert (audit.gone, audit.unknown) == (1, 0)


async def test_no_audit_where_none_is_wanted(db: Database, clock: FixedClock) -> None:
    services = build_services(
        load_config(pincali_base_url=SITE, removal_audit_size=0), clock=clock, db=db
    )
    await remove(db, "house-1", at=clock.now() - timedelta(days=1))
    assert await services.audit.draw() == 0
