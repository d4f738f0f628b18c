"""`/metrics` and `/healthz`: true and complete, or nothing."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import parser
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics import parser as openmetrics_parser

from pincali_sync.db.engine import Database
from pincali_sync.services.insights.metrics import METRICS, samples_of
from tests.support.builders import add_live, add_queued
from tests.support.clock import FixedClock
from tests.support.stage import Stage
from tests.support.web import Dashboard, dashboard_on


async def families(dashboard: Dashboard) -> dict[str, Family]:
    """What a scrape says, parsed by the library, by name."""
    response = await dashboard.client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    return {each.name: each for each in parser.text_string_to_metric_families(response.text)}


async def test_every_metric_is_there_with_its_type_and_its_meaning(dashboard: Dashboard) -> None:
    await dashboard.snapshots.read_once()
    found = await families(dashboard)
    for metric in METRICS:
        family = found[metric.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (metric.kind, metric.help)
        assert metric.name.endswith("_total") == (metric.kind == "counter")
    [build] = found["pincali_build_info"].samples
    assert build.labels["version"]


async def test_every_sample_of_the_snapshot_is_told(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "blue-house", last_full_scrape_at=clock.now() - timedelta(days=3))
    await add_queued(db, "blue-house", clock)
    stage = Stage(db=db, clock=clock)
    await stage.start()
    await stage.tick()
    await dashboard.services.pauses.pause(None, reason="x", paused_by="x")
    await dashboard.snapshots.read_once()
    snapshot = await dashboard.snapshots.current()
    assert snapshot is not None
    told = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in (await families(dashboard)).values()
        for sample in family.samples
    }
    samples = samples_of(snapshot)
    assert len(samples) > 50
    for each in samples:
        assert told[each.metric, tuple(sorted(each.labels.items()))] == each.value


async def test_a_scraper_that_prefers_openmetrics_gets_it(dashboard: Dashboard) -> None:
    await dashboard.snapshots.read_once()
    accept = "application/openmetrics-text; version=1.0.0"
    response = await dashboard.client.get("/metrics", headers={"accept": accept})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    parse = openmetrics_parser.text_string_to_metric_families
    found = list(parse(response.text))  # type: ignore[no-untyped-call]
    assert "pincali_tier_runs" in {each.name for each in found}


async def test_the_age_of_the_figures_is_told(dashboard: Dashboard, clock: FixedClock) -> None:
    await dashboard.snapshots.read_once()
    clock.advance(seconds=42)
    found = await families(dashboard)
    assert found["pincali_snapshot_age_seconds"].samples[0].value == 42
    assert found["pincali_snapshot_up"].samples[0].value == 1
    health = await dashboard.client.get("/healthz")
    assert (health.status_code, health.text) == (200, "ok\n")


async def test_figures_older_than_a_minute_are_left_out(
    dashboard: Dashboard, clock: FixedClock
) -> None:
    await dashboard.snapshots.read_once()
    clock.advance(seconds=90)
    found = await families(dashboard)
    assert {name: each.samples[0].value for name, each in found.items()} == {
        "pincali_snapshot_up": 0,
        "pincali_snapshot_age_seconds": 90,
    }
    health = await dashboard.client.get("/healthz")
    assert health.status_code == 503
    assert health.headers["content-type"].startswith("text/plain")
    assert "the figures are 90 s old, more than 60" in health.text


async def test_before_the_database_was_ever_there_nothing_is_told(clock: FixedClock) -> None:
    gone = Database("postgresql://nobody:secret@127.0.0.1:1/nothing")
    async with dashboard_on(gone, clock) as dashboard:
        await dashboard.snapshots.read_once()
        found = await families(dashboard)
        assert found["pincali_snapshot_up"].samples[0].value == 0
        assert found["pincali_snapshot_age_seconds"].samples == []
        assert set(found) == {"pincali_snapshot_up", "pincali_snapshot_age_seconds"}
        health = await dashboard.client.get("/healthz")
        assert (health.status_code, "could not be read yet" in health.text) == (503, True)
    await gone.dispose()
