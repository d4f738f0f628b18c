"""What holds for every page of the dashboard: its frame, its headers, and harmless text."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

from parsel import Selector

from pincali_sync.db.engine import Database
from tests.support.builders import entry, id_of, rows
from tests.support.clock import FixedClock
from tests.support.removals import hold
from tests.support.stage import Stage
from tests.support.web import Dashboard, dashboard_on

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
