"""The overview: what is the matter, and where it leads."""

from __future__ import annotations

import re
from datetime import timedelta

from parsel import Selector

from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.insights.snapshot import RUNNER
from tests.support.builders import add_live, add_queued, rows
from tests.support.clock import FixedClock
from tests.support.removals import hold
from tests.support.stage import Stage
from tests.support.web import Dashboard, words_of


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
