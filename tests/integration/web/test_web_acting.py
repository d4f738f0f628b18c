"""What else is decided on the dashboard: prices, twins, a run's end, pages set aside."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import Tier
from pincali_sync.runner.local import LocalJobRunner
from tests.support.builders import add_live, add_queued, detail, id_of, rows, sale, value
from tests.support.clock import FixedClock
from tests.support.stage import Stage
from tests.support.web import Dashboard, fields_of, said, words_of


async def act(dashboard: Dashboard, path: str) -> str:
    """What is said once a page's form was sent as it stands."""
    return said(await dashboard.post(path, fields_of(await dashboard.page(path))))


async def test_unusual_prices_are_settled_as_they_were_shown(
    dashboard: Dashboard, db: Database
) -> None:
    for name in ("blue-house", "red-house"):
        await dashboard.shop.visit(detail(name, sale(2_000_000)))
        await dashboard.shop.visit(detail(name, sale(200_000)))
    paths = (await dashboard.page("/decisions")).css('a[href*="/prices/"]::attr(href)').getall()
    assert len(paths) == 4
    accept, other = [each for each in paths if each.endswith("accept")]
    reject = other.replace("accept", "reject")
    page = await dashboard.page(accept)
    assert "200,000 MXN" in words_of(page)
    assert "pincali-sync reviews accept" in words_of(page)
    for fields, token, status in (
        (fields_of(page), "not the token at all", 403),
        ({}, None, 400),
        ({"new_price": "1.00"}, None, 409),
    ):
        asked = {} if token is None else {"token": token}
        assert (await dashboard.post(accept, fields, **asked)).status_code == status
    assert await act(dashboard, accept) == "price-accepted"
    assert await act(dashboard, reject) == "price-rejected"
    assert said(await dashboard.post(reject, fields_of(page))) == "settled-already"
    prices = await rows(db, "SELECT price FROM properties_live ORDER BY price")
    assert [each["price"] for each in prices] == [200_000, 2_000_000]
    assert "No price waits." in await dashboard.text("/decisions")


async def test_twins_are_made_one_or_kept_two(dashboard: Dashboard, db: Database) -> None:
    for name in ("old-a", "new-a", "old-b", "new-b"):
        await add_live(db, name)
    for which in ("a", "b"):
        await rows(
            db,
            """INSERT INTO identity_candidates (property_id, earlier_property_id, metres,
                      title_similarity, price_ratio) VALUES (:new, :old, 3, 90, 1)""",
            new=id_of(f"new-{which}"),
            old=id_of(f"old-{which}"),
        )
    page = await dashboard.page("/decisions")
    one, other = page.css('a[href$="/confirm"]::attr(href)').getall()
    assert await act(dashboard, one) == "twins-one"
    assert await act(dashboard, other.replace("confirm", "reject")) == "twins-two"
    assert await value(db, "SELECT count(*) FROM properties_live") == 3
    assert said(await dashboard.get(one)) == "settled-already"


async def test_an_open_run_is_cancelled_once(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    run = await Stage(db=db, clock=clock).start(Tier.DAILY_SYNC)
    page = await dashboard.page(f"/runs/{run.id}")
    [path] = page.css('a[href$="/cancel"]::attr(href)').getall()
    assert await act(dashboard, path) == "cancelled"
    assert said(await dashboard.get(path)) == "over-already"
    assert "cancelled" in await dashboard.text(f"/runs/{run.id}")
    assert (await dashboard.get(f"/runs/{UUID(int=5)}/cancel")).status_code == 404


async def test_pages_set_aside_are_settled_by_kind_as_far_as_they_were_seen(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    for number in range(102):
        await add_queued(db, f"h-{number}", clock, status="failed", last_error="HTTP 503")
    error = "the page shows <b>EB-AA0001</b>, the record is EB-AA0002"
    await add_queued(db, "other", clock, status="failed", last_error=error)
    for path in ("/errors", "/queue"):
        [row] = [
            row
            for row in (await dashboard.page(path)).css("tbody tr")
            if "another-listing" in (row.css("th ::text").get() or "")
        ]
        assert "Nothing is broken" in row.get()
        assert "markup changed" not in row.get()
        assert "<b>EB" not in row.get()
    page = await dashboard.page("/errors/site-error")
    assert "These are the latest 100 of 102." in words_of(page)
    retry, dismiss = page.css("main a.button::attr(href)").getall()
    clock.advance(minutes=1)
    await add_queued(db, "late", clock, status="failed", last_error="HTTP 503")
    assert "Retry 102 pages" in words_of(await dashboard.page(retry))
    assert "Dismiss 102 pages" in words_of(await dashboard.page(dismiss))
    assert await act(dashboard, retry) == "retried"
    assert await value(db, "SELECT count(*) FROM scrape_queue WHERE status = 'failed'") == 2
    assert await act(dashboard, dismiss) == "dismissed"  # as far as seen: nothing is left of it
    assert await value(db, "SELECT count(*) FROM scrape_queue WHERE status = 'failed'") == 2
    assert (await dashboard.get("/errors/site-error/retry")).status_code == 400
    for wrong in ("/errors/nonsense", "/errors/site-error/keep"):
        assert (await dashboard.get(wrong)).status_code == 404


@pytest.mark.parametrize(
    "until",
    ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00Z", "noon"],
)
async def test_pages_are_not_settled_up_to_a_moment_that_some_zone_cannot_tell(
    dashboard: Dashboard, until: str
) -> None:
    for verb in ("retry", "dismiss"):
        response = await dashboard.get(f"/errors/other/{verb}?{urlencode({'until': until})}")
        assert response.status_code == 400
        assert "does not say what you saw" in response.text


async def test_a_jobs_log_is_shown_as_text(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    stage = Stage(db=db, clock=clock)
    run = await stage.start(Tier.DAILY_SYNC)
    await stage.tick()
    await rows(db, "UPDATE sync_run_jobs SET node = 'local'")
    page = await dashboard.page(f"/runs/{run.id}")
    path, *_ = page.css('a[href^="/jobs/"]::attr(href)').getall()
    assert "it was deleted, or the job ran on another machine" in await dashboard.text(path)
    job_id = UUID(path.rpartition("/")[2])
    log = LocalJobRunner(dashboard.services.config).log_of(job_id)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("one\n<script>alert(1)</script>\u202etwo\n")
    page = await dashboard.page(path)
    assert page.css("script") == []
    assert "one\n<script>alert(1)</script>\\u202etwo" in page.css("pre ::text").get("")
    log.unlink()
    assert (await dashboard.get(f"/jobs/{UUID(int=5)}")).status_code == 404
