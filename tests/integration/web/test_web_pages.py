"""The pages of the queue, of runs, errors and decisions, and of a property: what they show."""

from __future__ import annotations

from datetime import timedelta

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.sessions import ScrapeError
from pincali_sync.domain.tiers import Tier
from tests.support.builders import add_queued, detail, entry, id_of, rows, sale
from tests.support.clock import FixedClock
from tests.support.removals import hold
from tests.support.stage import Stage
from tests.support.web import Dashboard, row_of, words_of


async def test_the_queue_is_shown_by_priority_and_reason(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    await add_queued(db, "a", clock)
    clock.advance(hours=3)
    await add_queued(db, "b", clock)
    await add_queued(db, "c", clock, status="in_progress")
    await add_queued(db, "d", clock, priority=4, queue_reason="stale_data", status="failed",
                     last_error="HTTP 500", completed_at=clock.now())  # fmt: skip
    clock.advance(minutes=30)
    await add_queued(db, "e", clock, status="completed", completed_at=clock.now(),
                     queued_at=clock.now() - timedelta(minutes=10))  # fmt: skip
    page = await dashboard.page("/queue")
    assert row_of(page, "Open pages by priority and reason", "1") == [
        "1", "new property", "2", "1", "2026-11-23 12:00 UTC 3 h 30 min ago",
    ]  # fmt: skip
    assert row_of(page, "Pages done with, by reason", "new property")[1:] == [
        "1", "1", "0", "0.0 %", "0", "10 min",
    ]  # fmt: skip
    assert row_of(page, "Pages done with, by reason", "stale data")[1:5] == [
        "0", "0", "1", "100.0 %",
    ]  # fmt: skip
    kind, pages, _, error, _ = row_of(page, "Pages set aside, by kind of error", "site-error")
    assert (kind, pages, error.startswith("HTTP 500")) == ("site-error", "1", True)


async def test_lists_are_limited_and_say_so(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    for n in range(101):
        await add_queued(db, f"house-{n}", clock, status="failed", completed_at=clock.now())
    page = await dashboard.page("/errors/other")
    assert len(page.css("main tbody tr")) == 100
    assert "These are the latest 100 of 101." in words_of(page)


async def test_a_run_is_shown_with_its_scan_its_certificates_and_its_jobs(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    stage = Stage(db=db, clock=clock)
    run = await stage.start(Tier.WEEKLY_DEEP)
    await stage.tick()
    page = await dashboard.page(f"/runs/{run.id}")
    assert row_of(page, "Listing pages read so far", "sale")[1:3] == ["0", "unknown"]
    assert row_of(page, "Spider jobs and their attempts", "manifest")[3] == "scheduled"
    assert "under way: nothing is added up yet" in await dashboard.text("/runs")
    await stage.scan_all()
    await stage.tick()
    anomalies = '{"anomalies": [{"what": "cards a page", "value": 3.5, "usual": 24}]}'
    await rows(db, "UPDATE sync_runs SET details = details || CAST(:more AS jsonb)", more=anomalies)
    corner = """{"source": "rent", "certified": true, "covered": 0.987, "corners": [{
        "property_type": "lot", "state": "jalisco", "within": null, "out_of_reach": 9}]}"""
    await rows(
        db,
        """UPDATE sync_runs SET details = jsonb_set(
               details, '{certificates}', details -> 'certificates' || CAST(:corner AS jsonb))""",
        corner=corner,
    )
    page = await dashboard.page(f"/runs/{run.id}")
    words = words_of(page)
    assert "rent is certified for 98.7% of its listings, but not for: lot in jalisco" in words
    scan = row_of(page, "What was read, source by source", "sale")
    assert (scan[1], scan[5], scan[-1]) == ("100", "1", "not certified")
    assert "sale is not certified: the scan did not come to its end" in words_of(page)
    assert row_of(page, "In what the run is unlike those before", "cards")[1:] == ["3.5", "24"]
    assert "1 of 5" in words_of(await dashboard.page("/runs?tier=3"))
    assert "No run yet" in words_of(await dashboard.page("/runs?tier=1"))


async def test_errors_are_shown_with_their_reasons(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    stage = Stage(db=db, clock=clock)
    run = await stage.start()
    await stage.tick()
    await stage.end_all("no_pages")
    async with db.transaction() as tx:
        assert run.session_id is not None
        error = ScrapeError(
            created_at=clock.now(),
            url="https://www.pincali.com/x",
            error_type="http_error",
            error_message="500",
        )
        await tx.sessions.add_errors(run.session_id, [error])
        await tx.runs.finish(run.id, status="failed", error="no page was read", now=clock.now())
    page = await dashboard.page("/errors")
    assert "no page was read" in row_of(page, "The latest runs that failed", "2026-11-23")
    logged = row_of(page, "Pages that could not be read or stored", "2026-11-23")
    assert logged[1:3] == ["http error", "500"]


async def test_open_decisions_name_the_command_that_settles_them(
    dashboard: Dashboard, db: Database
) -> None:
    await dashboard.shop.visit(detail("blue-house", sale(2_000_000)))
    await dashboard.shop.visit(detail("blue-house", sale(200_000)))
    await rows(
        db,
        """INSERT INTO identity_candidates
                  (property_id, earlier_property_id, metres, title_similarity, price_ratio)
           VALUES (:id, 'earlier', 12.34, 91, 0.5)""",
        id=id_of("blue-house"),
    )
    [review] = await dashboard.services.db.run(lambda tx: tx.reviews.open_reviews())
    [pair] = await dashboard.services.db.run(lambda tx: tx.identities.open_candidates())
    text = await dashboard.text("/decisions")
    assert "2,000,000 MXN 200,000 MXN" in text
    for path, command in (
        (f"/decisions/prices/{review.id}/accept", f"pincali-sync reviews accept {review.id}"),
        (f"/decisions/twins/{pair.id}/confirm", f"pincali-sync candidates confirm {pair.id}"),
    ):
        assert command in await dashboard.text(path)
    assert "12.3 91.0 % 50.0 %" in text


async def test_a_property_is_found_by_each_of_its_names(dashboard: Dashboard) -> None:
    await dashboard.shop.scan(entry("blue-house", public_id="EB-AA0001"))
    for name in (
        id_of("blue-house"),
        "EB-AA0001",
        " eb-aa0001 ",
        "https://www.pincali.com/inmueble/blue-house/",
    ):
        response = await dashboard.client.get("/property", params={"name": name})
        assert response.status_code == 303, name
        assert response.headers["location"] == f"/properties/{id_of('blue-house')}", name


async def test_a_property_that_is_not_known_is_asked_for_again(dashboard: Dashboard) -> None:
    for name in ("EB-ZZ9999", "<b>x", "\x00", "x" * 5_000, "'; DROP TABLE x"):
        response = await dashboard.client.get("/property", params={"name": name})
        assert response.status_code == 404, name
        assert "No record is called" in response.text, name
        assert "<b>x" not in response.text, name


async def test_a_propertys_page_tells_what_it_is_and_why(
    dashboard: Dashboard, clock: FixedClock
) -> None:
    shop = dashboard.shop
    await shop.scan(entry("blue-house", sale(2_000_000), public_id="EB-AA0001"))
    await shop.visit(detail("blue-house", sale(2_000_000), public_id="EB-AA0001"))
    clock.advance(days=3)
    await shop.visit(detail("blue-house", sale(1_900_000), public_id="EB-AA0001"))
    clock.advance(days=3)
    await shop.scan(entry("blue-house", sale(1_500_000), public_id="EB-AA0001"))
    page = await dashboard.page(f"/properties/{id_of('blue-house')}")
    text = words_of(page)
    assert "It is on the site." in text
    assert "Its page is queued as price change (priority 2)." in text
    assert "Card's price 1,500,000 MXN" in text
    change = row_of(page, "Changes of the price and its terms", "2026-11-26")
    assert change[1:4] == ["price", "2,000,000", "1,900,000"]
    assert "lowest 1,900,000 MXN" in page.css("svg desc::text").get("")
    assert row_of(page, "Listing pages that showed it", "2026-11-29")[1] == "sale"
    assert row_of(page, "Its rows in the queue", "2026-11-29")[1:4] == [
        "price change", "2", "pending",
    ]  # fmt: skip


async def test_a_removed_propertys_page_shows_the_proof(
    dashboard: Dashboard, clock: FixedClock
) -> None:
    held = await dashboard.services.removals.apply(await hold(dashboard.services, clock))
    await dashboard.services.removals.settle(held.id, approve=True, decided_by="Operator 1")
    page = await dashboard.page(f"/properties/{id_of('house-7')}")
    assert "It is gone: its own page proved it" in words_of(page)
    check = row_of(page, "What its page answered", "2026-12-07")
    assert check[1:4] == ["gone", "404", "HTTP 404"]
    assert row_of(page, "The scan that missed it last", "sale")[1] == "certified"


async def test_a_former_id_leads_to_the_record(dashboard: Dashboard) -> None:
    await dashboard.shop.scan(entry("blue-house", public_id="EB-AA0001"))
    await dashboard.shop.scan(entry("green-house", public_id="EB-AA0001"))
    page = await dashboard.page(f"/properties/{id_of('green-house')}")
    assert id_of("blue-house") in words_of(page)
