"""The pages of the dashboard: what they show, and that nothing they show can do harm."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from parsel import Selector

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.sessions import ScrapeError
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.insights.snapshot import RUNNER
from tests.support.builders import add_live, add_queued, detail, entry, id_of, rows, sale
from tests.support.clock import FixedClock
from tests.support.removals import hold
from tests.support.stage import Stage
from tests.support.web import Dashboard, dashboard_on, words_of

HOSTILE = "<script>alert(1)</script>\"'\u202e>" + "x" * 10_000
PAGES = (
    "/",
    "/listings",
    "/changes",
    "/queue",
    "/runs",
    "/removals",
    "/decisions",
    "/errors",
    "/pauses",
    "/changes/by-url",
    "/property",
)


@pytest.fixture
async def dashboard(db: Database, clock: FixedClock) -> AsyncIterator[Dashboard]:
    async with dashboard_on(db, clock) as dashboard:
        yield dashboard


def row_of(page: Selector, caption: str, first: str) -> list[str]:
    """The cells of the row that begins so, in the table with this caption."""
    [table] = page.xpath(f"//table[caption = '{caption}']")
    for row in table.css("tbody tr"):
        cells = [
            " ".join("".join(cell.css("::text").getall()).split()) for cell in row.css("th, td")
        ]
        if any(each.startswith(first) for each in cells[:2]):
            return cells
    raise AssertionError(f"no row {first!r} in {caption!r}")


# --- every page -----------------------------------------------------------------------------------


async def test_an_empty_database_has_pages_that_say_so(dashboard: Dashboard) -> None:
    for path in PAGES:
        page = await dashboard.page(path)
        assert page.css("html::attr(lang)").get() == "en", path
        for once in ("h1", "main", "head title"):
            assert len(page.css(once)) == 1, (path, once)
        assert page.css("a.skip-link::attr(href)").get() == f"#{page.css('main::attr(id)').get()}"
        assert page.css("script:not([src^='/static/']), style, [style], [onclick], iframe") == [], (
            path
        )
        assert page.css('meta[http-equiv="refresh"]') == [], path
        spanish = Selector((await dashboard.get(path, **{"accept-language": "es"})).text)
        assert spanish.css("html::attr(lang)").get() == "es-MX", path
        assert spanish.css("h1::text").get() != page.css("h1::text").get(), path


async def test_a_page_speaks_the_language_of_its_reader(dashboard: Dashboard) -> None:
    response = await dashboard.get("/runs", **{"accept-language": "es-MX,es;q=0.9,en;q=0.8"})
    page = Selector(response.text)
    assert page.css("html::attr(lang)").get() == response.headers["content-language"] == "es-MX"
    assert response.headers["vary"] == "Accept-Language"
    assert {"Resumen", "Cola", "Corridas"} <= set(page.css("nav a::text").getall())
    assert "Esa página no existe" in (await dashboard.get("/x", **{"accept-language": "es"})).text


async def test_every_answer_carries_the_headers_that_protect_it(dashboard: Dashboard) -> None:
    for path in (*PAGES, "/metrics", "/healthz", "/nowhere"):
        headers = (await dashboard.get(path)).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ), path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["cache-control"] == "no-store", path
        assert "set-cookie" not in headers, path


async def test_the_stylesheet_may_be_kept_for_its_address_names_its_content(
    dashboard: Dashboard,
) -> None:
    [path] = (await dashboard.page("/property")).css('link[rel="stylesheet"]::attr(href)').getall()
    assert re.fullmatch(r"/static/style-[0-9a-f]{16}\.css", path)
    response = await dashboard.get(path)
    assert response.headers["content-type"].startswith("text/css")
    assert "immutable" in response.headers["cache-control"]
    assert "@import" not in response.text
    assert "url(" not in response.text


async def test_the_navigation_says_where_one_is(dashboard: Dashboard) -> None:
    for path in PAGES[:-2]:
        page = await dashboard.page(path)
        assert page.css('header nav [aria-current="page"]::attr(href)').getall() == [path]


async def test_what_is_not_there_gets_a_friendly_answer(dashboard: Dashboard) -> None:
    for path in (
        "/nowhere",
        "/runs/nonsense",
        f"/runs/{uuid4()}",
        f"/removals/{uuid4()}",
        f"/removals/{uuid4()}/approve",
        "/properties/nobody",
        "/properties/%00",
        "/runs?tier=9",
        "/static/style-0.css",
    ):
        response = await dashboard.get(path)
        assert response.status_code == 404, path
        assert Selector(response.text).css("h1::text").get() == "Not found", path
        assert "To the overview" in response.text, path


async def test_other_methods_are_refused_everywhere(dashboard: Dashboard) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        for path in ("/", "/nowhere"):
            response = await dashboard.client.request(method, path)
            assert response.status_code == 405, (method, path)
            assert response.headers["allow"] == "GET, HEAD, POST", (method, path)
            assert "content-security-policy" in response.headers, (method, path)


async def test_head_is_answered_and_post_to_a_page_is_not(dashboard: Dashboard) -> None:
    response = await dashboard.client.head("/property")
    assert (response.status_code, response.text) == (200, "")
    assert (await dashboard.client.post("/queue")).status_code == 405


async def test_a_page_that_fails_says_nothing_of_why(dashboard: Dashboard, db: Database) -> None:
    await rows(db, "ALTER TABLE scraping_errors ALTER created_at TYPE text")
    await rows(db, "INSERT INTO scraping_errors (url) VALUES ('x')")
    response = await dashboard.get("/errors")
    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "scraping_errors" not in response.text
    assert "content-security-policy" in response.headers


async def test_while_the_database_is_down_the_pages_name_the_remedy(clock: FixedClock) -> None:
    gone = Database("postgresql://nobody:secret@127.0.0.1:1/nothing")
    async with dashboard_on(gone, clock) as dashboard:
        response = await dashboard.get("/")
        assert response.status_code == 503
        assert "make up" in response.text
        for told in ("secret", "nobody", "Traceback"):
            assert told not in response.text
        assert (await dashboard.get("/property")).status_code == 200  # it needs no database
    await gone.dispose()


async def test_what_the_database_refuses_is_told_without_its_words(
    dashboard: Dashboard, db: Database
) -> None:
    await rows(db, "ALTER TABLE scraping_errors RENAME TO elsewhere")
    response = await dashboard.get("/errors")
    assert response.status_code == 503
    assert "alembic upgrade head" in response.text
    assert "scraping_errors" not in response.text


# --- overview -------------------------------------------------------------------------------------


async def test_a_calm_overview_says_that_nothing_is_the_matter(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    await beat(db, clock)
    clock.advance(minutes=15)
    text = await dashboard.text("/")
    assert "No alert is open, nothing is paused, and no removal waits" in text
    assert "Tier 1: Hot listings never ran" in text


async def test_nothing_is_calm_while_nobody_looks_after_the_tiers(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    text = await dashboard.text("/")
    assert "The tier runner never did its work on this database" in text
    await beat(db, clock)
    clock.advance(minutes=16)
    text = await dashboard.text("/")
    assert "The tier runner last did its work at 2026-11-23 12:00 UTC" in text
    assert "No alert is open" not in text


async def beat(db: Database, clock: FixedClock) -> None:
    async with db.transaction() as tx:
        await tx.history.beat(RUNNER, now=clock.now())


async def test_pauses_and_held_batches_come_first_in_words(
    dashboard: Dashboard, clock: FixedClock
) -> None:
    await dashboard.services.removals.apply(await hold(dashboard.services, clock))
    await dashboard.services.pauses.pause(None, reason="a challenge", paused_by="x", kind="refused")
    text = await dashboard.text("/")
    assert "Everything rests since 2026-12-07 12:00 UTC just now , by x : a challenge." in text
    assert "A batch of 60 removals waits for a decision" in text
    assert text.index("A batch of") < text.index("Tier 1: Hot listings never ran paused")


async def test_the_overview_shows_how_far_a_running_tier_is(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    stage = Stage(db=db, clock=clock)
    await stage.start(Tier.HOT_LISTINGS)
    await stage.tick()
    assert "0 of 40" in await dashboard.text("/")
    await stage.scan_all()
    await stage.tick()
    text = await dashboard.text("/")
    assert "Tier 1: Hot listings running" in text
    assert "fetching detail pages" in text
    assert "Details fetched 0 of 8" in text
    await stage.fetch_all()
    await stage.tick()
    text = await dashboard.text("/")
    assert "Tier 1: Hot listings completed" in text
    assert "Next run 2026-11-23 18:00 UTC in 6 h" in text


async def test_what_holds_a_run_up_is_told_on_the_overview_and_on_its_page(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    stage = Stage(db=db, clock=clock)
    run = await stage.start(Tier.HOT_LISTINGS)
    stage.runner.answers = False
    await stage.tick()
    assert "Held up because" not in await dashboard.text("/")
    clock.advance(minutes=20)
    await stage.tick()
    for path in ("/", f"/runs/{run.id}"):
        assert ": no node takes jobs" in await dashboard.text(path)


async def test_the_overview_shows_the_figures_that_alerts_go_by(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "fresh", last_full_scrape_at=clock.now())
    await add_live(db, "old", last_full_scrape_at=clock.now() - timedelta(days=40))
    await add_live(db, "gone", listing_status="confirmed_removed")
    await add_queued(db, "fresh", clock)
    seen = {"version": "7-0_1_0-abc", "running": 3, "pending": 1}
    up = {"node": "http://10.0.0.1:6800", "objection": None, "is_down": False, **seen}
    down = {"node": "http://10.0.0.2:6800", "objection": "it does not answer", "is_down": True}
    async with db.transaction() as tx:
        await tx.nodes.record([up, {**down, **seen}], now=clock.now())
    text = await dashboard.text("/")
    assert re.search(
        "http://10.0.0.1:6800 takes jobs since [^:]*:[^:]*: 3 running, 1 waiting, version 7-", text
    )
    assert re.search("http://10.0.0.2:6800 left out since [^:]*:[^:]*: it does not answer", text)
    assert "Present 2 on the site" in text
    assert "Stale 1 not fetched within 30 days" in text
    assert "Pending 1 of 10,000 that may wait" in text


async def test_figures_too_old_to_be_true_are_left_out(
    dashboard: Dashboard, clock: FixedClock
) -> None:
    assert "Figures of 2026-11-23 12:00 UTC , 0 s ago." in await dashboard.text("/")
    clock.advance(seconds=61)
    for path in ("/", "/queue"):
        text = words_of(Selector((await dashboard.client.get(path)).text))
        assert "The figures could not be read within the last minute" in text
        assert "Pending" not in text


# --- queue, runs, errors, decisions ---------------------------------------------------------------


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


# --- a property -----------------------------------------------------------------------------------


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


# --- hostile text ---------------------------------------------------------------------------------


async def _hostile_everywhere(dashboard: Dashboard, clock: FixedClock) -> tuple[UUID, UUID]:
    """Puts it wherever text from the site may be stored; a batch and a run to look at."""
    db, services = dashboard.services.db, dashboard.services
    batch = await hold(services, clock)
    await services.removals.apply(batch)
    stage = Stage(db=db, clock=clock)
    run = await stage.start()
    await stage.tick()
    bad: dict[str, Any] = {"bad": HOSTILE, "url": "javascript:alert(1)", "now": clock.now()}
    for statement in (
        "UPDATE properties_live SET title = :bad, source_url = :url",
        "UPDATE property_manifest SET listing_page_title = left(:bad, 500)",
        "UPDATE removal_checks SET evidence = :bad, redirect_url = :bad, url = :url",
        """INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason, status,
                  last_error, queued_at, available_at, completed_at)
           SELECT property_id, :url, 1, 'new_property', 'failed', :bad, :now, :now, :now
             FROM properties_live LIMIT 3""",
        """INSERT INTO property_changes (property_id, change_type, field_name, old_value,
                  new_value, change_reason, created_at)
           SELECT property_id, 'updated', f, to_jsonb(CAST(:bad AS text)),
                  to_jsonb(CAST(:bad AS text)), :bad, :now
             FROM properties_live, unnest(ARRAY['title', 'price', 'currency']) f""",
        """INSERT INTO price_reviews (property_id, operation, currency, price_unit, old_price,
                  new_price, old_values)
           SELECT property_id, '<b>', 'MXN', 'total', 1, 9, '{}' FROM properties_live LIMIT 3""",
        """INSERT INTO identity_candidates (property_id, earlier_property_id, metres,
                  title_similarity, price_ratio)
           SELECT min(property_id), max(property_id), 1, 1, 1 FROM properties_live""",
        """INSERT INTO scraping_errors (url, error_type, error_message, created_at)
           VALUES (:url, '<b>bold</b>', :bad, :now)""",
        """UPDATE sync_runs SET status = 'failed', completed_at = now(), error_summary = :bad,
                  details = details ||
                  jsonb_build_object('sitemap_error', CAST(:bad AS text), 'drain',
                      CAST(:bad AS text), 'anomalies', jsonb_build_array(jsonb_build_object(
                          'what', CAST(:bad AS text), 'value', 1, 'usual', 2)))""",
        "UPDATE sync_run_jobs SET finish_reason = :bad, node = :bad",
        """INSERT INTO sync_pauses (scope, reason, paused_by, paused_at)
           VALUES ('all', :bad, :bad, :now)""",
    ):
        used = {name: each for name, each in bad.items() if f":{name}" in statement}
        await rows(db, statement, **used)
    return batch, run.id


async def test_hostile_text_is_shown_as_text_and_no_more_of_it_than_fits(
    dashboard: Dashboard, clock: FixedClock
) -> None:
    batch, run = await _hostile_everywhere(dashboard, clock)
    for path in (
        *PAGES,
        f"/removals/{batch}",
        f"/removals/{batch}/approve",
        "/errors/other",
        f"/runs/{run}",
        f"/properties/{id_of('house-7')}",
    ):
        response = await dashboard.get(path)
        assert response.status_code == 200, path
        page = Selector(response.text)
        assert page.css("script:not([src^='/static/']), main b, [onerror]") == [], path
        assert "\u202e" not in response.text, path
        assert "x" * 1_001 not in response.text, path
        for link in page.css("main a::attr(href)").getall():
            assert link.startswith(("/", "#rest", "https://www.pincali.com/")), (path, link)


async def test_links_to_the_site_tell_it_nothing(dashboard: Dashboard) -> None:
    await dashboard.shop.scan(entry("blue-house"))
    page = await dashboard.page(f"/properties/{id_of('blue-house')}")
    links = page.css('a[href^="https://"]')
    assert links
    assert {link.attrib["rel"] for link in links} == {"noreferrer noopener"}


async def test_an_alert_leads_to_its_page_and_its_line_of_the_runbook(
    dashboard: Dashboard, db: Database
) -> None:
    await rows(
        db,
        """INSERT INTO alert_incidents (alert, subject, severity, message, value, opened_at)
           VALUES ('DetailsFailing', '', 'warning', 'Read `dead-letters`.', 1, now())""",
    )
    page = (await dashboard.get("/")).text
    assert "Read <code>dead-letters</code>." in page
    assert 'href="/errors">Look at it' in page
    assert 'href="/alerts/DetailsFailing">What to do' in page
    line = await dashboard.text("/alerts/DetailsFailing")
    assert "It means over a tenth of the detail pages" in line
    assert "`" not in line
    assert (await dashboard.get("/alerts/Nothing")).status_code == 404
