"""Some days on paper: all criteria hold, the report agrees with the truth, and it can say no."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from pincali_workshop.paper.bookkeeping import Bookkeeper
from pincali_workshop.paper.plan import budget_for, paper_config, paper_options
from pincali_workshop.paper.plots import plots_of
from pincali_workshop.paper.reading import PaperReader
from pincali_workshop.paper.season import Season
from pincali_workshop.paper.start import BEFORE
from pincali_workshop.paper.timeline import instant
from pincali_workshop.paper.truth import Truth
from pincali_workshop.paper.weather import Weather

from pincali_sync.domain.liveness import Answer
from pincali_sync.pages.answer import ReadAnswer
from pincali_sync.services.removal.looking import Lookout
from tests.support.builders import add_live, add_queued, id_of, rows
from tests.support.postgres import LentDatabase

REMOVED = """
WITH proof AS (
    INSERT INTO removal_checks (property_id, verdict, evidence, url, checked_at, applied_at)
    VALUES (:id, 'gone', 'HTTP 404', 'x', :looked_at, :removed_at)
)
INSERT INTO property_changes (property_id, change_type, created_at)
VALUES (:id, 'removed', :removed_at)
"""
OUTSIDE = """
INSERT INTO queue_outside (property_id, priority, first_seen_at, rests_until)
VALUES (:id, 1, now(), :rests_until)
"""
LISTINGS, DAYS = 700, 4
BIRTHS = 0.04


async def played(database: LentDatabase, days: int, weather: Weather | None = None) -> Season:
    options = paper_options(LISTINGS, seed=3, births=BIRTHS)
    config = paper_config(database.url, detail_daily_budget=4 * budget_for(LISTINGS))
    season = Season(config, options)
    await season.play(days, weather or Weather(seed=3, start=season.begin))
    return season


async def test_days_on_paper_meet_all_criteria_and_their_report_agrees_with_the_truth(
    lent_database: LentDatabase,
) -> None:
    begin = paper_options(LISTINGS, seed=3).start + BEFORE
    down = begin + timedelta(days=2, hours=3)
    weather = Weather(
        seed=3,
        start=begin,
        outages=((down, down + timedelta(hours=3)),),
        cut_days=frozenset({3}),
    )
    season = await played(lent_database, DAYS, weather)
    report = season.report()
    assert report.all_met, [each for each in report.criteria if each.is_met is False]
    judged = {each.name: each for each in report.criteria if each.is_met}
    assert len(judged) >= 6

    states = season.site.population.states(season.clock.now())
    born = [state for state in states if state.listing.life.birth >= begin.timestamp()]
    changes = report.figures["true_changes"]
    assert 0 <= len(born) - changes["born"] <= 2  # those of the last minutes
    assert changes["gone"] > 60
    assert report.figures["days_until_removed"]["known"] > 10
    assert report.figures["removed_falsely"] == []
    assert report.figures["prices_journalled_falsely"] == []
    assert report.figures["off_the_market_falsely"] == {"most": 0, "named": []}
    assert report.figures["days_until_dead_stock_removed"]["open"] > 10  # two weekly scans are due
    assert report.figures["days"][-1]["present"] > 0.9 * LISTINGS
    page = plots_of(report, season.course, ceiling=10_000)
    assert page.count("<svg") >= 5


@pytest.mark.parametrize(("seconds", "is_right"), [(-1, True), (59, True), (61, False)])
async def test_a_look_is_held_to_what_the_site_showed_which_follows_by_the_minute(
    lent_database: LentDatabase, seconds: int, is_right: bool
) -> None:
    options = paper_options(LISTINGS, seed=3, births=BIRTHS)
    season = Season(paper_config(lent_database.url), options)
    population, db = season.site.population, lent_database.db
    stock = population.states(season.begin + timedelta(days=30))
    back = next(each for each in stock if len(each.listing.life.spells) > 1)
    looked_at = instant(back.listing.life.spells[1][0] + seconds)
    removed_at = looked_at + timedelta(minutes=30)
    await add_live(db, "house-1", price=1, public_id=back.listing.public_id)
    await rows(db, REMOVED, id=id_of("house-1"), looked_at=looked_at, removed_at=removed_at)
    truth = Truth(seed=3, begin=season.begin)
    books = Bookkeeper(db, population, truth, begin=looked_at - timedelta(days=1))
    await books.read(removed_at)
    assert (truth.removals.right == 1, len(truth.removals.wrong)) == (is_right, int(not is_right))


async def test_who_is_off_the_market_though_listed_now_and_two_days_ago_is_off_falsely(
    lent_database: LentDatabase,
) -> None:
    season = Season(paper_config(lent_database.url), paper_options(LISTINGS, seed=3))
    population, db = season.site.population, lent_database.db
    now = season.begin + timedelta(days=30)
    stock = population.states(now)
    before = population.states(now - timedelta(days=2))
    listed = next(a for a, b in zip(stock, before, strict=False) if a.active and b.active)
    back = next(a for a, b in zip(stock, before, strict=False) if a.active and not b.active)
    gone = next(each for each in stock if not each.active)
    off = {"price": 1, "listing_status": "likely_removed", "status": "inactive"}
    for number, each in enumerate((listed, back, gone)):
        await add_live(db, f"house-{number}", public_id=each.listing.public_id, **off)
    await add_live(db, "on", price=1, public_id=stock[-1].listing.public_id)
    books = Bookkeeper(db, population, season.truth, begin=now)
    await books.read(now)
    assert books.falsely_off == [listed.listing.public_id]


async def test_pages_that_wait_outside_the_queue_are_counted_but_for_those_that_rest(
    lent_database: LentDatabase,
) -> None:
    season = Season(paper_config(lent_database.url), paper_options(LISTINGS, seed=3))
    db = lent_database.db
    for status in ("pending", "pending", "completed"):
        await add_queued(db, f"house-{status}-{uuid4()}", season.clock, status=status)
    for number, rests_until in enumerate((None, None, None, season.begin)):
        await rows(db, OUTSIDE, id=id_of(f"house-{number}"), rests_until=rests_until)
    books = Bookkeeper(db, season.site.population, season.truth, begin=season.begin)
    assert await books.waiting() == (2, 3)


async def test_a_product_that_removes_without_proof_is_not_passed(
    lent_database: LentDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_: PaperReader, url: str) -> ReadAnswer:
        return ReadAnswer(answer=Answer(url=url, status=404, signature="gone"))

    async def nothing(_: Lookout) -> list[Answer]:
        return []

    monkeypatch.setattr(PaperReader, "read", gone)
    monkeypatch.setattr(Lookout, "_ask_canaries", nothing)
    monkeypatch.setattr("pincali_sync.services.site.sitemap.reasons_against_sitemap", lambda _: [])
    begin = paper_options(LISTINGS, seed=3).start + BEFORE
    weather = Weather(seed=3, start=begin, cut_days=frozenset({1, 2}))
    season = await played(lent_database, 3, weather)
    precision = next(each for each in season.report().criteria if "right" in each.name)
    assert precision.is_met is False
    assert not season.report().all_met
