"""What the page of a missing listing answers, and what becomes of the listing."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

import pytest

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.domain.liveness import NO_CALIBRATION
from pincali_sync.exceptions import CalibrationError, SupersededError
from pincali_sync.items import QueuedProperty
from pincali_sync.services.removal.looking import Lookout, read_page
from tests.support.builders import SITE, Workshop, entry, id_of, rows, value
from tests.support.clock import FixedClock
from tests.support.removals import (
    ALIVE,
    HOUSES,
    TOKEN,
    batch_id,
    begin,
    claim,
    miss,
    missing,
    record,
)
from tests.support.scans import FakeSite, seen, shown_alive

SOLD = b"<html><title>Pincali</title><main><h1>This property has been sold</h1></main></html>"


@pytest.fixture
def site() -> FakeSite:
    return FakeSite()


@pytest.fixture
def services(db: Database, clock: FixedClock, site: FakeSite) -> Services:
    config = load_config(pincali_base_url=SITE)
    return build_services(config, clock=clock, db=db, fetcher=site)


async def verify(
    services: Services, session_id: UUID, status: int | None, body: bytes = b""
) -> QueuedProperty:
    """Queues the verification of house-1, has its page answer so, and keeps the verdict."""
    [queued], result = await claim(services, session_id), None
    result = seen(queued, status, body)
    await record(services, result)
    return queued


async def test_a_page_that_is_gone_takes_the_listing_out_with_its_evidence(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    await verify(services, session_id, 404)
    batch = await services.removals.apply(await batch_id(services.db))
    assert (batch.status, batch.removed) == ("applied", 1)
    live = await shop.live("house-1")
    assert (live["listing_status"], live["status"]) == ("confirmed_removed", "removed")
    removal = [each for each in await shop.journal("house-1") if each["change_type"] == "removed"]
    assert [each["change_reason"] for each in removal] == ["HTTP 404"]
    again = await services.removals.apply(batch.id)
    assert again == batch


async def test_sold_is_said_only_when_the_page_says_so(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    await verify(services, session_id, 200, SOLD)
    await services.removals.apply(await batch_id(services.db))
    live = await shop.live("house-1")
    assert (live["listing_status"], live["status"]) == ("sold", "sold")


@pytest.mark.parametrize("status", [None, 202, 403, 405, 429, 500])
async def test_an_unclear_answer_changes_nothing(
    services: Services, shop: Workshop, clock: FixedClock, status: int | None
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    before = await shop.live("house-1")
    await verify(services, session_id, status)
    await services.removals.apply(await batch_id(services.db))
    assert await shop.live("house-1") == before


async def test_a_passing_error_is_tried_again_later_and_kept_as_unknown_in_the_end(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    for attempt in range(2):  # its page is asked for twice a week at most
        assert await value(db, "SELECT count(*) FROM removal_checks") == 0, attempt
        await verify(services, session_id, 503)
        clock.advance(hours=1)
    [check] = await rows(db, "SELECT verdict, evidence FROM removal_checks")
    assert check == {"verdict": "unknown", "evidence": "HTTP 503"}
    assert await claim(services, session_id) == []


@pytest.mark.parametrize("body", [b"", b"<title>Hold on</title><p>This listing has been sold"])
async def test_what_is_no_page_of_the_site_is_no_evidence_and_its_row_goes_back(
    services: Services,
    db: Database,
    clock: FixedClock,
    shop: Workshop,
    site: FakeSite,
    body: bytes,
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    site.set("house-1", 200, body)
    lookout = Lookout(services.config, clock, partial(read_page, site), iter(()))
    for attempts in (0, 1):  # the second time in a row it may be this page alone
        [queued] = await claim(services, session_id)
        await record(services, await lookout.verify(queued, NO_CALIBRATION))
        row = (await shop.queued("house-1"))[-1]
        assert (row["status"], row["attempt_count"]) == ("pending", attempts)
        assert await rows(db, "SELECT 1 FROM removal_checks") == []
        clock.advance(hours=1)


async def test_a_proof_is_as_old_as_the_look_and_not_as_its_being_stored(
    services: Services, db: Database, clock: FixedClock, site: FakeSite
) -> None:
    await begin(services, clock)
    [queued] = await claim(services, await miss(services, clock, times=2))
    lookout = Lookout(services.config, clock, partial(read_page, site), iter(()))
    result, looked_at = await lookout.verify(queued, NO_CALIBRATION), clock.now()
    clock.advance(minutes=4)  # until a listing that must be there was shown after it
    await record(services, result)
    [check] = await rows(db, "SELECT verdict, checked_at FROM removal_checks")
    assert check == {"verdict": "gone", "checked_at": looked_at}


async def test_a_listing_that_is_alive_counts_as_scraped_and_is_active(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    [queued] = await claim(services, session_id)
    await record(services, shown_alive(queued, ALIVE))
    live = await shop.live("house-1")
    assert (live["listing_status"], live["status"]) == ("active", "active")
    assert live["last_full_scrape_at"] == clock.now()
    assert [row["status"] for row in await shop.queued("house-1")][-1] == "completed"


async def test_a_listing_seen_between_its_verdict_and_the_removal_stays(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    await verify(services, session_id, 404)
    await shop.scan(HOUSES[0])
    batch = await services.removals.apply(await batch_id(services.db))
    assert batch.removed == 0
    assert (await shop.live("house-1"))["listing_status"] == "active"


async def test_a_listing_that_lives_on_under_another_slug_is_not_removed(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    await verify(services, session_id, 404)
    moved = entry("house-1-renovated", public_id=HOUSES[0].public_id)
    await shop.scan(moved)
    batch = await services.removals.apply(await batch_id(services.db))
    assert batch.removed == 0
    live = await shop.live("house-1")
    assert live["listing_status"] == "active"


async def test_a_verdict_of_a_worker_that_lost_its_lease_is_refused(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    [queued] = await claim(services, session_id)
    assert await record(services, seen(queued, 404), token=uuid4()) == 1
    assert await value(db, "SELECT count(*) FROM removal_checks") == 0


async def test_a_removed_listing_that_comes_back_is_relisted_and_can_go_missing_again(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    await verify(services, session_id, 404)
    await services.removals.apply(await batch_id(db))
    await services.retention.clean_up()  # its manifest row is not needed any more
    await shop.scan(HOUSES[0])
    assert (await shop.live("house-1"))["listing_status"] == "relisted"
    clock.advance(days=1)
    await miss(services, clock, times=1)
    assert await missing(db) == {"house-1": 1}
    await miss(services, clock, times=1)
    assert (await shop.live("house-1"))["listing_status"] == "likely_removed"


# --- the service by itself ------------------------------------------------------------------------


async def test_removals_are_confirmed_by_looking_and_change_nothing_until_told(
    services: Services, shop: Workshop, site: FakeSite, clock: FixedClock
) -> None:
    await begin(services, clock)
    await miss(services, clock, times=2)
    await shop.scan(*HOUSES[1:])
    site.set("house-2", 200, _detail_page("house-2", HOUSES[1].public_id))
    site.set("house-3", 200, _detail_page("house-3", HOUSES[2].public_id))
    [result] = await services.diff.confirm_removals([id_of("house-1")])
    assert (result.confirmed_removed, result.http_status) == (True, 404)
    assert (await shop.live("house-1"))["listing_status"] == "likely_removed"
    await services.diff.update_removal_status(id_of("house-1"), confirmed=True)
    assert (await shop.live("house-1"))["listing_status"] == "confirmed_removed"
    await services.diff.update_removal_status(id_of("house-1"), confirmed=False)
    live = await shop.live("house-1")
    assert (live["listing_status"], live["consecutive_missing_count"]) == ("active", 0)


async def test_nothing_is_confirmed_when_the_site_does_not_show_what_is_certainly_there(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    await miss(services, clock, times=2)
    await shop.scan(*HOUSES[1:])
    with pytest.raises(CalibrationError, match="should be there is not shown"):
        await services.diff.confirm_removals([id_of("house-1")])


async def test_checks_of_a_job_that_was_given_up_are_refused(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    [queued] = await claim(services, session_id)
    ticket = await services.jobs.begin(uuid4(), spider="verification", source=None)
    async with db.transaction() as tx:
        await tx.jobs.give_up(ticket.job_id, status="lost", reason="silent", now=clock.now())
    with pytest.raises(SupersededError):
        await services.verification.record(
            [seen(queued, 404)], ticket=ticket, lease_token=TOKEN, rules=(), max_attempts=3
        )


def _detail_page(slug: str, public_id: str | None) -> bytes:
    return f"""<html><head><link rel="canonical" href="{SITE}/en/home/{slug}"></head><body>
        <div class="listing-id"><span>ID: {public_id}</span></div>
        <div class="listing__intro"><h1 class="property-title">House</h1></div></body></html>
    """.encode()
