"""Decisions on the dashboard: by whoever has the token, from its own pages, once."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import OutdatedError
from tests.support.builders import add_live, id_of, rows, value
from tests.support.clock import FixedClock
from tests.support.removals import hold
from tests.support.web import BASE_URL, Dashboard, dashboard_on, fields_of, said, words_of

SEEN = {"status": "held", "removable": "60"}


@pytest.fixture
async def held(dashboard: Dashboard, clock: FixedClock) -> UUID:
    """A batch of sixty that waits for a decision."""
    batch = await dashboard.services.removals.apply(await hold(dashboard.services, clock))
    assert batch.status == "held"
    return batch.id


async def removed(db: Database) -> int:
    return int(
        await value(
            db,
            "SELECT count(*) FROM properties_live WHERE listing_status = 'confirmed_removed'",
        )
    )


# --- removals -------------------------------------------------------------------------------------


async def test_a_held_batch_is_approved_as_it_was_shown(
    dashboard: Dashboard, db: Database, held: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert "60 listings are proven gone, and at most 50 go" in await dashboard.text("/removals")
    page = await dashboard.page(f"/removals/{held}/approve")
    assert page.css("tbody th a ::text").get("").startswith("House house-")
    assert "60 listings will be marked as removed" in words_of(page)
    assert fields_of(page) == SEEN
    response = await dashboard.post(f"/removals/{held}/approve", fields_of(page))
    assert said(response) == "approved"
    assert await removed(db) == 60
    text = await dashboard.text(response.headers["location"])
    assert "The batch is approved" in text
    assert "by dashboard ; 60 removed" in text
    assert any(
        f"removal batch {held} was approved by dashboard" in record.getMessage()
        for record in caplog.records
    )


async def test_a_held_batch_is_rejected(dashboard: Dashboard, db: Database, held: UUID) -> None:
    page = await dashboard.page(f"/removals/{held}/reject")
    assert "No listing will be removed." in words_of(page)
    assert said(await dashboard.post(f"/removals/{held}/reject", fields_of(page))) == "rejected"
    assert await removed(db) == 0
    [batch] = await dashboard.services.db.run(lambda tx: tx.batches.latest())
    assert (batch.status, batch.decided_by) == ("rejected", "dashboard")


async def test_a_second_decision_does_nothing_and_says_so(
    dashboard: Dashboard, db: Database, held: UUID
) -> None:
    await dashboard.post(f"/removals/{held}/approve", SEEN)
    for again in ("approve", "reject"):
        response = await dashboard.post(f"/removals/{held}/{again}", SEEN)
        assert said(response) == "decided-already"
        assert said(await dashboard.get(f"/removals/{held}/{again}")) == "decided-already"
    assert "Nothing was done twice" in await dashboard.text(response.headers["location"])
    assert await removed(db) == 60


async def test_of_two_clicks_at_once_one_decides(
    dashboard: Dashboard, db: Database, held: UUID
) -> None:
    path = f"/removals/{held}/approve"
    both = await asyncio.gather(dashboard.post(path, SEEN), dashboard.post(path, SEEN))
    assert sorted(map(said, both)) == ["approved", "decided-already"]
    assert await removed(db) == 60


async def test_a_batch_whose_run_is_not_over_cannot_be_decided(
    dashboard: Dashboard, db: Database, clock: FixedClock
) -> None:
    batch = await hold(dashboard.services, clock)
    assert said(await dashboard.get(f"/removals/{batch}/approve")) == "not-to-decide"
    assert said(await dashboard.post(f"/removals/{batch}/approve", SEEN)) == "not-to-decide"
    assert await removed(db) == 0


async def test_what_is_not_what_the_person_saw_is_not_decided(
    dashboard: Dashboard, db: Database, held: UUID
) -> None:
    for fields, status in (
        ({"status": "held", "removable": "59"}, 409),
        ({"status": "open", "removable": "60"}, 409),
        ({"status": "held"}, 400),
        ({"status": "held", "removable": "-60"}, 400),
        ({"status": "held", "removable": "9" * 5_000}, 400),
        ({}, 400),
    ):
        response = await dashboard.post(f"/removals/{held}/approve", fields)
        assert response.status_code == status, fields
    assert await removed(db) == 0


async def test_a_batch_that_changes_while_it_is_decided_is_refused_under_its_lock(
    dashboard: Dashboard, held: UUID
) -> None:
    removals = dashboard.services.removals
    with pytest.raises(OutdatedError, match="would remove 60 listings, not 61"):
        await removals.settle(held, approve=True, decided_by="x", removable=61)
    with pytest.raises(OutdatedError, match="would remove 60 listings, not 0"):
        await removals.settle(held, approve=False, decided_by="x", removable=0)


async def test_a_listing_that_is_seen_again_while_the_page_is_open_asks_for_another_look(
    dashboard: Dashboard, db: Database, held: UUID
) -> None:
    page = await dashboard.page(f"/removals/{held}/approve")
    seen = {"status": "held", "removable": page.css("[name=removable]::attr(value)").get()}
    await rows(
        db,
        """UPDATE property_manifest SET last_seen_at = :now
            WHERE property_id IN (SELECT property_id FROM removal_checks LIMIT 1)""",
        now=dashboard.clock.now(),
    )
    assert (await dashboard.post(f"/removals/{held}/approve", seen)).status_code == 409
    assert await removed(db) == 0


async def test_what_was_seen_again_is_told_before_the_decision(
    dashboard: Dashboard, db: Database, held: UUID
) -> None:
    await rows(
        db,
        """UPDATE property_manifest SET last_seen_at = :now
            WHERE property_id IN (SELECT property_id FROM removal_checks LIMIT 2)""",
        now=dashboard.clock.now(),
    )
    text = await dashboard.text(f"/removals/{held}/approve")
    assert "58 listings will be marked as removed" in text
    assert "Approve 58 removals" in text


async def test_a_batch_that_is_not_there_is_not_decided(dashboard: Dashboard) -> None:
    path = f"/removals/{UUID(int=1)}/approve"
    assert (await dashboard.post(path, SEEN)).status_code == 404


# --- who may --------------------------------------------------------------------------------------


async def test_wrong_tokens_decide_nothing_and_the_right_one_decides_after_them(
    dashboard: Dashboard, db: Database, held: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pincali_sync.web.trust._LONGEST_PAUSE", 0.01)
    path = f"/removals/{held}/approve"
    for _ in range(12):
        response = await dashboard.post(path, SEEN, token="a guess")
        assert response.status_code == 403
        assert "That is not the token" in response.text
    assert await removed(db) == 0
    assert said(await dashboard.post(path, SEEN)) == "approved"


async def test_without_a_token_no_form_is_shown_and_none_is_taken(
    db: Database, clock: FixedClock
) -> None:
    async with dashboard_on(db, clock, token=None) as dashboard:
        batch = await dashboard.services.removals.apply(await hold(dashboard.services, clock))
        for path in ("/pauses", f"/removals/{batch.id}", f"/removals/{batch.id}/approve"):
            page = await dashboard.page(path)
            assert page.css('form[method="post"], input[type="password"]') == []
            assert "WEB_TOKEN" in words_of(page)
        assert f"removals approve {batch.id}" in await dashboard.text(f"/removals/{batch.id}")
        response = await dashboard.post(f"/removals/{batch.id}/approve", SEEN, token="")
        assert response.status_code == 403
        assert "set WEB_TOKEN" in response.text
        assert await removed(db) == 0


async def test_another_sites_form_is_refused_even_with_the_token(
    dashboard: Dashboard, db: Database, held: UUID
) -> None:
    for origin in ("https://evil.test", "null", f"{BASE_URL}.evil.test"):
        for path in (f"/removals/{held}/approve", f"/removals/{held}/reject", "/pauses"):
            response = await dashboard.post(path, {**SEEN, "scope": "all"}, origin=origin)
            assert response.status_code == 403, (origin, path)
            assert "not sent from a page of this dashboard" in response.text, (origin, path)
    assert await removed(db) == 0
    assert await dashboard.services.pauses.in_force() == []


async def test_another_sites_guesses_do_not_close_the_door(dashboard: Dashboard) -> None:
    for _ in range(6):
        await dashboard.post("/pauses", {"scope": "all"}, token="x", origin="https://evil.test")
    assert said(await dashboard.post("/pauses", {"scope": "all"})) == "paused"


async def test_a_form_that_is_too_large_is_refused(dashboard: Dashboard) -> None:
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = await dashboard.client.post(
            "/pauses",
            headers={"origin": BASE_URL, "content-type": content_type},
            content=b"x=" + b"y" * 20_000,
        )
        assert response.status_code == 413, content_type
        assert "content-security-policy" in response.headers, content_type


async def test_a_form_that_cannot_be_read_is_no_decision(dashboard: Dashboard) -> None:
    response = await dashboard.client.post(
        "/pauses",
        headers={"origin": BASE_URL, "content-type": "multipart/form-data; boundary=x"},
        content=b"--x\r\nnonsense",
    )
    assert response.status_code in {400, 403}
    assert await dashboard.services.pauses.in_force() == []


# --- single listings ------------------------------------------------------------------------------


@pytest.fixture
async def doubtful(dashboard: Dashboard, db: Database) -> str:
    """A listing that waits for a person; returns its id."""
    await add_live(
        db,
        "blue-house",
        listing_status="likely_removed",
        status="inactive",
        consecutive_missing_count=4,
    )
    await rows(
        db,
        """INSERT INTO removal_checks
                  (property_id, verdict, http_status, evidence, url, checked_at)
           VALUES (:id, 'unknown', 409, 'HTTP 409, <b>whatever</b>', 'x', :now)""",
        id=id_of("blue-house"),
        now=dashboard.clock.now(),
    )
    return id_of("blue-house")


@pytest.mark.parametrize(
    ("verb", "message", "state"),
    [("gone", "settled-gone", "confirmed_removed"), ("keep", "settled-kept", "active")],
)
async def test_a_listing_in_doubt_is_settled_as_it_was_shown(
    dashboard: Dashboard, db: Database, doubtful: str, verb: str, message: str, state: str
) -> None:
    page = await dashboard.page("/removals")
    assert "HTTP 409, <b>whatever</b>" in words_of(page)
    path = f"/removals/unsettled/{verb}/{doubtful}"
    assert path in page.css("a::attr(href)").getall()
    page = await dashboard.page(path)
    assert "HTTP 409, <b>whatever</b>" in words_of(page)
    fields = fields_of(page)
    assert fields == {"listing_status": "likely_removed", "missing": "4"}
    response = await dashboard.post(path, fields)
    assert said(response) == message
    assert "Settled: the listing is" in await dashboard.text(response.headers["location"])
    assert await value(db, "SELECT listing_status FROM properties_live") == state
    reason = await value(db, "SELECT change_reason FROM property_changes")
    assert "by dashboard" in reason
    assert (await dashboard.post(path, fields)).status_code == 409


async def test_a_listing_that_is_another_than_the_person_saw_is_left_alone(
    dashboard: Dashboard, db: Database, doubtful: str
) -> None:
    others = ({"missing": "3"}, {"missing": "-1"}, {"missing": ""}, {"listing_status": "active"})
    for seen in others:
        fields = {"listing_status": "likely_removed", "missing": "4", **seen}
        response = await dashboard.post(f"/removals/unsettled/gone/{doubtful}", fields)
        assert response.status_code in {400, 409}
    assert await value(db, "SELECT listing_status FROM properties_live") == "likely_removed"


async def test_settling_needs_the_token_and_a_page_of_the_dashboard(
    dashboard: Dashboard, db: Database, doubtful: str
) -> None:
    path, fields = (
        f"/removals/unsettled/gone/{doubtful}",
        {"listing_status": "likely_removed", "missing": "4"},
    )
    assert (await dashboard.post(path, fields, token="wrong")).status_code == 403
    assert (await dashboard.post(path, fields, origin="https://evil.test")).status_code == 403
    assert await value(db, "SELECT listing_status FROM properties_live") == "likely_removed"


async def test_there_is_no_way_to_settle_what_is_not_there(
    dashboard: Dashboard, doubtful: str
) -> None:
    for path in (f"perhaps/{doubtful}", "gone/pincali_nothing", "keep/", "gone/%00", "keep/x%00"):
        assert (await dashboard.get(f"/removals/unsettled/{path}")).status_code == 404
    fields = {"listing_status": "likely_removed", "missing": "4"}
    assert (await dashboard.post("/removals/unsettled/gone/%00", fields)).status_code == 409


# --- pauses ---------------------------------------------------------------------------------------


async def test_everything_and_single_tiers_are_paused_and_resumed(dashboard: Dashboard) -> None:
    pauses = dashboard.services.pauses
    response = await dashboard.post("/pauses", {"scope": "tier:2", "reason": "too\r\nloud"})
    assert said(response) == "paused"
    assert said(await dashboard.post("/pauses", {"scope": "all"})) == "paused"
    assert said(await dashboard.post("/pauses", {"scope": "all"})) == "paused-already"
    in_force = {each.scope: each for each in await pauses.in_force()}
    assert {scope: (p.reason, p.paused_by) for scope, p in in_force.items()} == {
        "tier:2": ("too loud", "dashboard"),
        "all": ("by request", "dashboard"),
    }
    page = await dashboard.page("/pauses")
    for form in page.css('form[action="/pauses/resume"]'):
        fields = {i.attrib["name"]: i.attrib["value"] for i in form.css('input[type="hidden"]')}
        assert said(await dashboard.post("/pauses/resume", fields)) == "resumed"
    assert await pauses.in_force() == []
    response = await dashboard.post("/pauses/resume", fields)
    assert said(response) == "resumed-already"
    assert "not paused any more" in await dashboard.text(response.headers["location"])


async def test_a_pause_that_is_another_than_the_person_saw_goes_on(
    dashboard: Dashboard, clock: FixedClock
) -> None:
    pauses = dashboard.services.pauses
    await pauses.back_off(reason="HTTP 503")
    seen = (await pauses.in_force())[0].paused_at.isoformat()
    clock.advance(minutes=1)
    await pauses.pause(None, reason="a challenge", paused_by="pincali-sync", kind="refused")
    response = await dashboard.post("/pauses/resume", {"scope": "all", "paused_at": seen})
    assert response.status_code == 409
    [still] = await pauses.in_force()
    assert still.kind == "refused"


async def test_a_scope_that_there_is_not_is_refused(dashboard: Dashboard) -> None:
    for fields in ({}, {"scope": ""}, {"scope": "tier:9"}, {"scope": "all "}):
        for path in ("/pauses", "/pauses/resume"):
            assert (await dashboard.post(path, fields)).status_code == 400, fields
    assert await dashboard.services.pauses.of_tier(Tier.HOT_LISTINGS) is None


async def test_only_known_messages_are_said(dashboard: Dashboard) -> None:
    page = await dashboard.page("/pauses?said=<b>Send your token to evil.test</b>")
    assert page.css('[role="status"]') == []
    assert "evil" not in words_of(page)
    assert (await dashboard.page("/pauses?said=paused")).css('[role="status"]::text').get()
