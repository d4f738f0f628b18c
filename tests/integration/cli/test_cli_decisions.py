"""Commands that look closer, stop, resume and decide."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest

from pincali_sync.bootstrap import Services, open_services
from pincali_sync.config import load_config
from pincali_sync.runner.local import LocalJobRunner
from tests.support.builders import Workshop, add_live, add_queued, detail, entry, id_of, rows, sale
from tests.support.cli import as_json, say
from tests.support.scans import full_scan

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _configured(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SCRAPYD_URLS", "http://127.0.0.1:1")


def prepare(work: Callable[[Services, Workshop], Awaitable[T]]) -> T:
    async def with_services() -> T:
        async with open_services(load_config()) as services:
            return await work(services, Workshop(db=services.db, clock=services.clock))

    return asyncio.run(with_services())


def test_pause_and_resume_say_what_they_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert say(capsys, "pause", "--tier", "2", "--reason", "maintenance")[:2] == (
        0,
        "tier 2 is paused.\n",
    )
    assert say(capsys, "pause", "--tier", "2")[1] == "tier 2 was paused already.\n"
    status, _, err = say(capsys, "tier2")
    assert status == 3
    assert "maintenance; `pincali-sync resume --tier 2` goes on" in err
    assert "maintenance" in say(capsys, "status")[1]
    assert as_json(capsys, "resume") == {"resumed": ["tier:2"]}
    assert say(capsys, "resume")[1] == "Nothing was paused.\n"
    assert say(capsys, "pause", "--tier", "9")[0] == 2
    say(capsys, "pause")
    say(capsys, "pause", "--tier", "1")
    assert say(capsys, "resume", "--tier", "1")[1] == "Resumed: tier 1.\n"
    assert say(capsys, "resume")[1] == "Resumed: everything.\n"


def test_auto_rests_while_everything_is_paused(capsys: pytest.CaptureFixture[str]) -> None:
    say(capsys, "pause", "--reason", "the site asked us to")
    status, _, err = say(capsys, "auto")
    assert status == 3
    assert "the site asked us to" in err


def test_explain_tells_what_a_record_is_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(_: Services, shop: Workshop) -> None:
        await shop.scan(entry("blue-house", sale(2_000_000), public_id="EB-AA0001"))
        await shop.visit(detail("blue-house", sale(2_000_000), public_id="EB-AA0001"))
        await shop.scan(entry("blue-house", sale(1_500_000), public_id="EB-AA0001"))

    prepare(work)
    for name in (id_of("blue-house"), "eb-aa0001", "https://www.pincali.com/inmueble/blue-house/"):
        dossier = as_json(capsys, "explain", name)
        assert dossier["property_id"] == id_of("blue-house")
        assert dossier["live"]["listing_status"] == "active"
        assert [row["queue_reason"] for row in dossier["queue"]] == ["price_change", "new_property"]
        assert len(dossier["sightings"]) == 2
    status, out, _ = say(capsys, "explain", "EB-AA0001")
    assert status == 0
    assert "active; queued as price change (priority 2)" in out
    assert "https://www.pincali.com/en/home/blue-house\nsale, 2,000,000 MXN\n" in out
    assert len(out.splitlines()) < 12
    assert "seen_at\tsource" in say(capsys, "explain", "EB-AA0001", "--all")[1]
    status, _, err = say(capsys, "explain", "EB-ZZ9999")
    assert (status, "is no record" in err) == (2, True)


def test_dead_letters_are_shown_retried_and_taken_out(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(services: Services, shop: Workshop) -> None:
        await shop.scan(entry("blue-house"), entry("red-house"))
        await rows(
            services.db,
            """UPDATE scrape_queue
                  SET status = 'failed', last_error = 'HTTP 500', completed_at = now()""",
        )

    prepare(work)
    letters = as_json(capsys, "dead-letters")
    assert {each["property_id"] for each in letters} == {id_of("blue-house"), id_of("red-house")}
    assert "HTTP 500" in say(capsys, "dead-letters")[1]
    _, _, err = say(capsys, "dead-letters", "--kind", "site-error", "--limit", "1")
    assert err == "These are the latest 1 of 2; `--limit` shows more.\n"
    assert say(capsys, "retry")[0] == 2
    assert as_json(capsys, "retry", id_of("blue-house")) == {"pages_queued_again": 1}
    assert say(capsys, "retry", "--all")[1] == "1 page queued again.\n"
    assert as_json(capsys, "dequeue", id_of("red-house")) == {"pages_taken_out": 1}


ERRORS = {
    "the page shows EB-AA0001, the record is EB-AA0002": "another-listing",
    "the page shows EB-AA0001, the record is EB-AA0002, and so do others": "same-page",
    "no page of the site: none of its marks, and the title is 'x'": "no-page",
    "parser: KeyError('x')": "program",
    "https://www.pincali.com/en/home/x shows no listing id": "markup",
    "https://www.pincali.com/en/home/x has more than 9,000,000 bytes": "size",
    "the worker node-1 was not heard of any more": "worker",
    "HTTP 503": "site-error",
    "HTTP 403": "refused",
    "TimeoutError: no answer": "connection",
    "title_required: title is missing": "rule",
    "what nobody thought of": "other",
}


def test_errors_are_told_and_settled_by_their_kind(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(services: Services, shop: Workshop) -> None:
        for error, kind in ERRORS.items():
            name = f"house-{kind}"
            await add_queued(
                services.db, name, shop.clock, status="failed", last_error=error, priority=1
            )

    prepare(work)
    letters = as_json(capsys, "dead-letters")
    assert {each["last_error"]: each["kind"] for each in letters} == ERRORS
    lines = [line.split("\t") for line in say(capsys, "dead-letters")[1].splitlines()[1:]]
    assert {kind: pages for kind, pages, *_ in lines} == dict.fromkeys(ERRORS.values(), "1")
    assert [kind for kind, *words in lines if "markup changed" in " ".join(words)] == ["markup"]
    for kind in ("another-listing", "rule"):
        assert as_json(capsys, "dequeue", "--kind", kind) == {"pages_taken_out": 1}
    assert as_json(capsys, "retry", "--kind", "site-error") == {"pages_queued_again": 1}
    left = set(ERRORS.values()) - {"another-listing", "rule", "site-error"}
    assert {each["kind"] for each in as_json(capsys, "dead-letters")} == left
    assert say(capsys, "retry", "--kind", "nonsense")[0] == 2


def test_an_id_is_known_by_its_beginning_and_two_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def work(services: Services, _: Workshop) -> None:
        for name in ("pincali_00aa11", "pincali_00aa22", "pincali_00bbzz"):
            await add_live(services.db, name, property_id=name)
        await rows(
            services.db,
            """WITH s AS (INSERT INTO scraping_sessions (base_url) VALUES ('x'), ('x') RETURNING id)
               INSERT INTO removal_batches (id, session_id, status)
               SELECT CAST('abcd0000-0000-0000-0000-00000000000' || row_number() OVER () AS uuid),
                      id, 'open' FROM s""",
        )

    prepare(work)
    assert say(capsys, "explain", "pincali_00bb")[0] == 0
    for words, said in (
        (("explain", "pincali_00aa"), "more than one: pincali_00aa11, pincali_00aa22; say more"),
        (("removals", "show", "ABCD-0"), "more than one: abcd0000"),
        (("removals", "show", "ee"), "no batch id begins with 'ee': `pincali-sync removals list`"),
        (("removals", "show", "%"), "no batch id begins with '%'"),
        (("explain", "pincali_00a%"), "is no record"),
    ):
        status, _, err = say(capsys, *words)
        assert (status, said in err) == (2, True), err
    assert say(capsys, "removals", "show", "abcd0000000000000000000000000001")[0] == 0


def test_held_removals_are_shown_and_decided(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(services: Services, _: Workshop) -> str:
        session_id = await full_scan(services, {"sale": [entry("blue-house")]})
        async with services.db.transaction() as tx:
            batch = await tx.batches.open(
                session_id, run_id=None, candidates=70, now=services.clock.now()
            )
            await tx.batches.decide(batch, status="held", would_remove=70, removal_limit=50)
        return str(batch)

    batch = prepare(work)
    [shown] = as_json(capsys, "removals", "list")["batches"]
    assert (shown["id"], shown["status"], shown["would_remove"]) == (batch, "held", 70)
    assert "held" in say(capsys, "removals", "list")[1]
    assert as_json(capsys, "removals", "show", batch) == []
    assert say(capsys, "removals", "approve", "nonsense")[0] == 2
    assert as_json(capsys, "removals", "reject", batch)["status"] == "rejected"
    status, _, err = say(capsys, "removals", "approve", batch)
    assert (status, "only a held one can be decided" in err) == (2, True)


def test_a_listing_in_doubt_is_shown_and_settled(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(services: Services, _: Workshop) -> None:
        for slug in ("blue-house", "red-house"):
            await add_live(
                services.db,
                slug,
                public_id=f"EB-{slug[:2].upper()}0001",
                listing_status="likely_removed",
                status="inactive",
                consecutive_missing_count=3,
            )
        for slug, verdict in (("blue-house", "unknown"), ("red-house", "alive")):
            await rows(
                services.db,
                """INSERT INTO removal_checks
                          (property_id, verdict, http_status, evidence, url, checked_at)
                   VALUES (:id, :verdict, 200, 'as it was', 'x', now())""",
                id=id_of(slug),
                verdict=verdict,
            )

    prepare(work)
    waits, unlisted = as_json(capsys, "removals", "unsettled")
    assert (waits["public_id"], waits["verdict"], waits["evidence"]) == (
        "EB-BL0001",
        "unknown",
        "as it was",
    )
    assert (unlisted["public_id"], unlisted["verdict"]) == ("EB-RE0001", "alive")
    assert "off the" in say(capsys, "removals", "unsettled")[1]
    told = "1 listing is missing for long without a verdict, and 1 are off the market"
    assert told in say(capsys, "removals", "list")[1]
    assert as_json(capsys, "status")["missing_for_long"] == {"unsettled": 1, "off_market": 1}
    assert "1 wait for a person and 1 are off the market" in say(capsys, "status")[1]
    for wrong in ((), ("--gone", "--keep")):
        status, _, err = say(capsys, "removals", "settle", "EB-BL0001", *wrong)
        assert (status, "say --gone or --keep" in err) == (2, True)
    settled = as_json(capsys, "removals", "settle", "eb-bl0001", "--gone")
    assert (settled["listing_status"], settled["changed"]) == ("confirmed_removed", True)
    url = "https://www.pincali.com/inmueble/blue-house/"
    status, out, _ = say(capsys, "removals", "settle", url, "--gone")
    assert (status, out) == (0, f"{id_of('blue-house')} is confirmed removed already.\n")
    status, out, _ = say(capsys, "removals", "settle", id_of("red-house"), "--keep")
    assert (status, out) == (0, f"{id_of('red-house')} is active.\n")
    for unknown in ("EB-BL", id_of("blue-house")[:10], "https://example.com/nothing"):
        status, _, err = say(capsys, "removals", "settle", unknown, "--gone")
        assert (status, "is no record" in err) == (2, True)


def test_unusual_prices_are_shown_and_settled(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(_: Services, shop: Workshop) -> None:
        for slug in ("blue-house", "red-house"):
            await shop.visit(detail(slug, sale(2_000_000)))
            await shop.visit(detail(slug, sale(200_000)))

    prepare(work)
    first, second = as_json(capsys, "reviews", "list")
    assert "200,000" in say(capsys, "reviews", "list")[1]
    _, out, err = say(capsys, "reviews", "list", "--limit", "1")
    assert (second["id"] in out, err) == (False, "The list stops at 1; `--limit` shows more.\n")
    assert say(capsys, "reviews", "accept", first["id"][:12])[:2] == (0, "The new price stands.\n")
    assert say(capsys, "reviews", "reject", second["id"])[:2] == (0, "The old price is back.\n")
    assert say(capsys, "reviews", "accept", first["id"])[0] == 2


def test_candidates_are_shown_and_settled(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(services: Services, shop: Workshop) -> None:
        await add_live(services.db, "old-house", price=1, listing_status="confirmed_removed")
        await shop.scan(entry("new-house"))
        await rows(
            services.db,
            """INSERT INTO identity_candidates (property_id, earlier_property_id, metres,
                      title_similarity, price_ratio) VALUES (:new, :old, 3, 95, 0.98)""",
            new=id_of("new-house"),
            old=id_of("old-house"),
        )

    prepare(work)
    [candidate] = as_json(capsys, "candidates", "list")
    assert say(capsys, "candidates", "list")[0] == 0
    assert say(capsys, "candidates", "confirm", candidate["id"][:5])[0] == 0
    assert as_json(capsys, "candidates", "list") == []
    assert say(capsys, "candidates", "reject", candidate["id"])[0] == 2


def test_a_run_is_cancelled_by_the_first_digits_of_its_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def work(services: Services, _: Workshop) -> str:
        await rows(
            services.db,
            """WITH session AS (INSERT INTO scraping_sessions (base_url) VALUES ('x') RETURNING id)
               INSERT INTO sync_runs (tier_level, tier_name, session_id)
               SELECT 1, 'hot_listings', id FROM session""",
        )
        [run_] = await services.db.run(lambda tx: tx.runs.open_runs())
        return str(run_.id)

    run_id = prepare(work)
    assert [each["id"] for each in as_json(capsys, "history")] == [run_id]
    assert as_json(capsys, "cancel", run_id[:8])["status"] == "cancelled"
    assert "cancelled by request" in say(capsys, "history")[1]
    assert say(capsys, "cancel", run_id)[0] == 2
    assert say(capsys, "cancel", "nothing")[0] == 2


def test_the_logs_of_a_run_are_shown_as_far_as_they_can_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCALI_HOME", str(tmp_path))
    kept, lost = UUID("ab" * 16), UUID("cd" * 16)

    async def work(services: Services, _: Workshop) -> str:
        await rows(
            services.db,
            """WITH session AS (INSERT INTO scraping_sessions (base_url) VALUES ('x') RETURNING id)
               INSERT INTO sync_runs (tier_level, tier_name, session_id)
               SELECT 1, 'hot_listings', id FROM session""",
        )
        [run_] = await services.db.run(lambda tx: tx.runs.open_runs())
        for number, job in enumerate((kept, lost), 1):
            await rows(
                services.db,
                """INSERT INTO sync_run_jobs (id, run_id, spider, node, attempt)
                   VALUES (:job, :run, 'detail', 'local', :attempt)""",
                job=job,
                run=run_.id,
                attempt=number,
            )
        return str(run_.id)

    run_id = prepare(work)
    log = LocalJobRunner(load_config()).log_of(kept)
    log.parent.mkdir(parents=True)
    log.write_bytes(b"first\n" + b"line\n" * 100_000 + b"<script>\x1b[2J\xff\n")
    status, out, _ = say(capsys, "logs", run_id[:8], "--lines", "2")
    assert status == 0
    assert "line\n<script>\\x1b[2J\ufffd\n" in out
    assert "first" not in out
    assert f"{lost} detail, scheduled: " in out
    assert "it was deleted, or the job ran on another machine" in out
    [found] = as_json(capsys, "logs", str(kept)[:5])
    assert (len(found["log"]["lines"]), found["log"]["is_cut"]) == (50, True)
    assert say(capsys, "logs", str(lost))[0] == 1
    assert say(capsys, "logs", "nothing")[0] == 2
