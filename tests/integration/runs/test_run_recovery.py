"""Tier runs whose jobs go silent, fail or are blocked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.jobs import JobRepository
from pincali_sync.exceptions import SupersededError
from pincali_sync.items import LostPage
from tests.support.builders import SITE, detail, entry, page
from tests.support.clock import FixedClock
from tests.support.stage import SILENCE, Stage


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


async def test_a_silent_job_is_replaced_and_the_old_one_refused(stage: Stage) -> None:
    run = await stage.start()
    await stage.tick()
    old, *_ = [await stage.begin(spec) for spec in stage.runner.take("manifest")]
    stage.clock.advance(seconds=SILENCE.total_seconds() + 1)
    await stage.tick()
    first, second = await stage.jobs(run, "sale")
    assert (first.status, first.finish_reason, second.attempt) == ("lost", "no heartbeat", 2)
    assert first.id in stage.runner.cancelled
    with pytest.raises(SupersededError):
        await stage.shop.scan(entry("blue-house"), ticket=old)
    await stage.scan_all()
    assert (await stage.tick()).new_properties_found == 8


async def test_a_job_that_beats_is_left_alone(stage: Stage) -> None:
    run = await stage.start()
    await stage.tick()
    tickets = [await stage.begin(spec) for spec in stage.runner.take("manifest")]
    for _ in range(3):
        stage.clock.advance(seconds=SILENCE.total_seconds())
        for ticket in tickets:
            assert await stage.shop.jobs.heartbeat(ticket)
        await stage.tick()
    assert len(await stage.jobs(run)) == 4


async def test_a_job_in_a_nodes_queue_is_given_longer_than_one_that_ran(stage: Stage) -> None:
    run = await stage.start()
    await stage.tick()
    stage.clock.advance(seconds=5 * SILENCE.total_seconds())
    await stage.tick()
    assert len(await stage.jobs(run)) == 4
    stage.clock.advance(seconds=1)
    await stage.tick()
    assert len(await stage.jobs(run)) == 8


async def test_a_job_that_waits_in_a_nodes_line_keeps_its_place_however_long(
    stage: Stage,
) -> None:
    run = await stage.start()
    await stage.tick()
    stage.runner.in_line = {spec.job_id for spec in stage.runner.ordered}
    stage.clock.advance(hours=9)
    held_up = (await stage.tick()).details.held_up or ""
    assert "waits for a slot at node-" in held_up
    assert len(await stage.jobs(run)) == 4
    stage.runner.in_line.clear()
    await stage.tick()
    assert len(await stage.jobs(run)) == 8


async def test_a_killed_job_that_had_got_on_is_no_third_failure(stage: Stage) -> None:
    run = await stage.start()
    for _ in range(2):
        await stage.tick()
        await stage.end_all("flush_failed")
    await stage.tick()
    tickets = [await stage.begin(spec) for spec in stage.runner.take("manifest")]
    stage.clock.advance(minutes=11)
    for ticket in tickets:
        await stage.shop.jobs.heartbeat(ticket)
    stage.clock.advance(seconds=SILENCE.total_seconds() + 1)
    assert (await stage.tick()).status == "running"
    assert [job.attempt for job in await stage.jobs(run, "sale")] == [1, 2, 3, 4]


async def test_a_job_that_ends_while_it_is_given_up_as_silent_is_done(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.start()
    await stage.tick()
    tickets = [await stage.begin(spec) for spec in stage.runner.take("manifest")]
    stage.clock.advance(seconds=SILENCE.total_seconds() + 1)
    give_up = JobRepository.give_up

    async def late(self: JobRepository, job_id: UUID, **how: Any) -> None:
        for ticket in tickets:
            await stage.end(ticket)
        await give_up(self, job_id, **how)

    monkeypatch.setattr(JobRepository, "give_up", late)
    await stage.tick()
    assert len(await stage.jobs(run)) == 4


async def test_a_run_whose_pages_cannot_be_fetched_is_completed_and_scans_nothing_again(
    stage: Stage,
) -> None:
    run = await stage.start()
    await stage.tick()
    await stage.scan_all()
    for _ in range(3):
        await stage.tick()
        await stage.end_all("no_browser", "detail")
    await stage.advance_all()
    ended = await stage.runs.get(run.id)
    assert ended.status == "completed"
    assert "detail failed 3 times, last: no_browser" in (ended.details.drain or "")


async def test_a_scan_that_loses_too_many_pages_tells_how_many_it_read_and_lost(
    stage: Stage,
) -> None:
    run = await stage.start()
    await stage.tick()
    for spec in stage.runner.take("manifest"):
        ticket, source = await stage.begin(spec), spec.arguments["source"]
        await stage.shop.scan(page(entry(f"{source}-house"), source=source), ticket=ticket)
        lost = LostPage(url=SITE, source=source, page_number=2, error="HTTP 500")
        await stage.services.scans.record_lost_page(lost, ticket)
        await stage.end(ticket, "too_many_lost_pages")
    failed = await stage.tick()
    assert (failed.status, failed.pages_scanned, failed.error_count) == ("failed", 4, 4)
    assert run.id == failed.id


async def scan_but(stage: Stage, cut: str, *, waiting: str | None = None) -> None:
    """Scans four pages of each source but for one, which is cut short."""
    for spec in stage.runner.take("manifest"):
        ticket, source = await stage.begin(spec), spec.arguments["source"]
        total = {"sale": 3_000, "rent": 900}.get(source, 90)
        for number in range(1, 5):
            shown = page(entry(f"{source}-{number}"), source=source, number=number, total=total)
            if source != cut or source == "sale":  # a small one shows nothing
                await stage.shop.scan(shown, ticket=ticket)
        if source == cut:
            lost = LostPage(url=SITE, source=source, page_number=5, error="HTTP 404")
            await stage.services.scans.record_lost_page(lost, ticket)
        if source != waiting:
            await stage.end(ticket, "too_many_lost_pages" if source == cut else "finished")
    await stage.end_all("no_sitemap_index", "sitemap")


async def test_a_small_source_that_cannot_be_read_ends_no_run(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.start()
    await stage.tick()
    await scan_but(stage, "foreclosure")
    run = await stage.tick()
    assert (run.status, run.step, run.error_count) == ("running", "drain", 1)
    assert "goes on without a source: manifest foreclosure: more than a tenth" in caplog.text
    assert [str(each) for each in run.details.anomalies] == ["share of lost pages of foreclosure 1"]


async def test_a_large_source_that_cannot_be_read_ends_its_run_while_others_are_read(
    stage: Stage,
) -> None:
    await stage.start()
    await stage.tick()
    await scan_but(stage, "sale", waiting="rent")
    run = await stage.tick()
    assert run.status == "failed"
    assert "manifest sale: more than a tenth of the pages lost (job" in str(run.error_summary)


async def test_an_order_that_got_no_answer_is_given_again_when_nothing_came_of_it(
    stage: Stage,
) -> None:
    run = await stage.start()
    stage.runner.answers = False
    await stage.tick()
    stage.runner.answers = True
    stage.clock.advance(seconds=5 * SILENCE.total_seconds() + 1)
    await stage.tick()
    assert [job.attempt for job in await stage.jobs(run, "sale")] == [1, 2]
    await stage.scan_all()
    assert (await stage.tick()).step == "drain"


async def test_an_order_that_was_taken_without_an_answer_runs_once(stage: Stage) -> None:
    run = await stage.start()
    stage.runner.answers = False
    await stage.tick()
    stage.runner.answers = True
    for job in await stage.jobs(run):
        ticket = await stage.shop.jobs.begin(job.id, spider="manifest", source=job.source)
        await stage.shop.scan(page(entry("blue-house")), ticket=ticket)
        await stage.end(ticket)
    assert (await stage.tick()).step == "drain"
    assert stage.runner.take("manifest") == []


async def test_a_run_fails_when_a_job_failed_three_times(stage: Stage) -> None:
    run = await stage.start()
    for _ in range(3):
        assert (await stage.tick()).status == "running"
        await stage.end_all("flush_failed: the statement took too long")
    failed = await stage.tick()
    *_, last = jobs = await stage.jobs(run, "sale")
    assert (failed.status, [job.attempt for job in jobs]) == ("failed", [1, 2, 3])
    assert failed.error_summary == (
        "manifest sale failed 3 times, last: flush_failed: the statement took too long "
        f"(job {last.id}, its log: {last.node}/{last.id}.log)"
    )
    assert not any(job.is_open for job in await stage.jobs(run))


@pytest.mark.parametrize("end", ["killed", "shut down"])
async def test_a_job_that_got_on_before_it_was_ended_from_outside_is_not_worn_out(
    stage: Stage, end: str
) -> None:
    """Nodes that start anew several times within a scan of hours."""
    run = await stage.start()
    for minutes in (11, 11, 11, 1, 1, 1):
        assert (await stage.tick()).status == "running"
        tickets = [await stage.begin(spec) for spec in stage.runner.take("manifest")]
        stage.clock.advance(minutes=minutes)
        for ticket in tickets:
            await stage.shop.jobs.heartbeat(ticket)
            if end == "shut down":
                await stage.end(ticket, "shutdown")
        stage.clock.advance(seconds=SILENCE.total_seconds() + 1)
    assert (await stage.tick()).status == "failed"
    assert len(await stage.jobs(run, "sale")) == 6


async def test_a_run_that_reached_the_site_waits_for_it_however_long_it_is_away(
    stage: Stage,
) -> None:
    run = await stage.start()
    await stage.tick()
    tickets = [await stage.begin(spec) for spec in stage.runner.take("manifest")]
    stage.clock.advance(minutes=11)
    for ticket in tickets:
        await stage.shop.jobs.heartbeat(ticket)
        await stage.end(ticket, "site_not_reached")
    for _ in range(120):  # two hours, minute by minute
        assert (await stage.tick()).status == "running"
        await stage.end_all("site_not_reached")
        stage.clock.advance(minutes=1)
    assert 8 <= len(await stage.jobs(run, "sale")) <= 11
    assert "manifest sale: the site was not reached, and is asked again at" in str(
        (await stage.tick()).trouble
    )
    stage.clock.advance(minutes=15)
    assert (await stage.tick()).trouble is None
    await stage.scan_all()
    assert (await stage.tick()).step == "drain"


async def test_a_run_that_never_reached_the_site_fails_at_once(stage: Stage) -> None:
    await stage.start()
    for _ in range(3):
        assert (await stage.tick()).status == "running"
        await stage.end_all("site_not_reached")
    failed = await stage.tick()
    assert failed.status == "failed"
    assert "manifest sale failed 3 times, last: site_not_reached" in str(failed.error_summary)


async def test_a_run_that_lost_too_many_pages_fails_without_another_attempt(
    stage: Stage,
) -> None:
    run = await stage.start()
    await stage.tick()
    await stage.end_all("too_many_lost_pages")
    failed = await stage.tick()
    assert (failed.status, len(await stage.jobs(run))) == ("failed", 4)
    assert "manifest sale: more than a tenth of the pages lost (job" in str(failed.error_summary)


async def refuse(stage: Stage) -> None:
    """What a worker does when the site refuses it."""
    await stage.services.pauses.pause(
        None, reason="the site refuses us", paused_by="pincali-sync", kind="refused"
    )


async def test_a_run_rests_while_the_site_refuses_us_and_goes_on_when_resumed(
    stage: Stage,
) -> None:
    run = await stage.start()
    await stage.tick()
    tickets = [await stage.begin(spec) for spec in stage.runner.take("manifest")]
    for ticket in tickets[:2]:
        await stage.end(ticket)
    await refuse(stage)
    await stage.end(tickets[2], "blocked")
    resting = await stage.tick()
    assert (resting.status, resting.step) == ("running", "scan")
    assert stage.runner.ordered == []
    with pytest.raises(SupersededError):
        await stage.shop.scan(page(entry("blue-house")), ticket=tickets[3])
    await stage.services.pauses.resume(None)
    await stage.tick()
    again = [spec.arguments["source"] for spec in stage.runner.ordered]
    assert sorted(again) == ["foreclosure", "new_construction"]
    attempts = [job.attempt for job in await stage.jobs(run) if job.source == "foreclosure"]
    assert sorted(attempts) == [1, 2]


async def test_refusals_do_not_wear_a_job_out(stage: Stage) -> None:
    await stage.start()
    for _ in range(5):
        await stage.tick()
        await refuse(stage)
        await stage.end_all("blocked")
        await stage.services.pauses.resume(None)
    assert (await stage.tick()).status == "running"


async def test_a_scan_without_a_single_listing_fails_and_moves_no_counter(stage: Stage) -> None:
    await stage.shop.visit(detail("blue-house"))
    await stage.start()
    await stage.tick()
    await stage.scan_all(per_source=0)
    failed = await stage.tick()
    assert failed.status == "failed"
    assert "no listing on any page" in (failed.error_summary or "")
    assert (await stage.shop.live("blue-house"))["consecutive_missing_count"] == 0


async def test_one_empty_source_that_declares_listings_fails_the_run(stage: Stage) -> None:
    await stage.start()
    await stage.tick()
    for spec in stage.runner.take("manifest"):
        source, ticket = spec.arguments["source"], await stage.begin(spec)
        cards = [] if source == "rent" else [entry(f"{source}-house")]
        await stage.shop.scan(page(*cards, source=source), ticket=ticket)
        await stage.end(ticket)
    failed = await stage.tick()
    assert failed.error_summary == "rent: no listing on 1 pages that declare 100"


async def test_a_few_lost_pages_are_counted_and_the_run_goes_on(stage: Stage) -> None:
    await stage.start()
    await stage.tick()
    for spec in stage.runner.take("manifest"):
        source, ticket = spec.arguments["source"], await stage.begin(spec)
        for number in range(1, 10):
            card = entry(f"{source}-house-{number}")
            await stage.shop.scan(page(card, source=source, number=number), ticket=ticket)
        lost = LostPage(url=SITE, source=source, page_number=10, error="HTTP 503")
        await stage.shop.scans.record_lost_page(lost, ticket)
        await stage.end(ticket)
    run = await stage.tick()
    assert (run.status, run.step, run.error_count) == ("running", "drain", 4)
    await stage.fetch_all()
    assert (await stage.tick()).error_count == 4
