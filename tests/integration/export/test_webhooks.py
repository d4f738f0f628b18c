"""Webhooks: every change in order, signed, at least once; a dead target stops nobody."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.domain.webhooks import WebhookTarget, targets_of
from pincali_sync.runner.webhook import post
from pincali_sync.services.export.change_feed import ChangeFeedService
from pincali_sync.services.export.schemas import Published, schema_of
from pincali_sync.services.export.webhooks import Sent, WebhookService
from pincali_sync.services.ports import PostAnswer
from tests.support.builders import add_live, id_of, rows
from tests.support.cli import as_json, say
from tests.support.clock import FixedClock
from tests.support.http_listener import HttpListener, http_listener
from tests.support.watching import Lookout

KEY = b"a key of our own, for tests only"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


class Ear:
    """A target, and what it heard."""

    def __init__(self, listener: HttpListener) -> None:
        self.listener = listener
        self.url = f"{listener.url}/hooks?token=none-of-your-business"

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.listener.received]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers in self.listener.headers]

    @property
    def names(self) -> list[list[str]]:
        """What each message was about."""
        return [
            [each["property_id"].removeprefix("pincali_") for each in message["data"]["changes"]]
            for message in self.messages
        ]


@pytest.fixture
def ears() -> Iterator[tuple[Ear, Ear]]:
    with ExitStack() as stack:
        yield (
            Ear(stack.enter_context(http_listener())),
            Ear(stack.enter_context(http_listener())),
        )


@pytest.fixture
def webhooks(db: Database, clock: FixedClock, ears: tuple[Ear, Ear]) -> WebhookService:
    config = load_config(webhook_urls=" ".join(ear.url for ear in ears), webhook_secret=SECRET)
    return WebhookService(db, clock, config, ChangeFeedService(db, clock, config), post)


async def write(db: Database, *names: str) -> None:
    """A change of each of these, one after the other."""
    for name in names:
        await rows(
            db,
            "INSERT INTO property_changes (property_id, change_type) VALUES (:id, 'created')",
            id=f"pincali_{name}",
        )


def taken(outcomes: list[Sent]) -> list[int]:
    return [each.changes for each in outcomes]


async def test_what_is_new_goes_to_every_target_signed_and_in_order(
    db: Database, webhooks: WebhookService, ears: tuple[Ear, Ear], clock: FixedClock
) -> None:
    await write(db, "old")
    assert taken(await webhooks.send()) == [0, 0]  # what was there before is not news
    await add_live(db, "blue-house", price=2_000_000, currency="MXN", city="León")
    await write(db, id_of("blue-house").removeprefix("pincali_"), "b")
    assert taken(await webhooks.send()) == [2, 2]
    for ear in ears:
        [message], [headers] = ear.messages, ear.listener.headers
        jsonschema.validate(message, schema_of(Published.WEBHOOK))
        assert (message["type"], message["data"]["schema"], message["data"]["cursor"]) == (
            *("listings.changed", 1, 3),
        )
        first, second = message["data"]["changes"]
        assert (first["position"], first["property_id"]) == (2, id_of("blue-house"))
        assert (first["listing"]["title"], first["listing"]["price"]) == ("House blue-house", 2e6)
        assert (second["position"], second["listing"]) == (3, None)
        [(_, body)] = ear.listener.received
        assert signed(headers, body)
        assert headers["webhook-timestamp"] == str(int(clock.now().timestamp()))
        assert headers["content-type"] == "application/json"
    assert taken(await webhooks.send()) == [0, 0]


def signed(headers: Mapping[str, str], body: str) -> bool:
    """As Standard Webhooks has it."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}"
    made = hmac.new(KEY, content.encode(), hashlib.sha256).digest()
    return headers["webhook-signature"] == f"v1,{base64.b64encode(made).decode()}"


async def test_while_the_secret_is_changed_either_proves_a_message(
    webhooks: WebhookService, ears: tuple[Ear, Ear], db: Database, clock: FixedClock
) -> None:
    other = f"whsec_{base64.b64encode(b'another key of ours, for tests').decode()}"
    config = load_config(webhook_urls=ears[0].url, webhook_secret=f"{other} {SECRET}")
    service = WebhookService(db, clock, config, webhooks.feed, post)
    await service.test(*targets_of(config))
    [headers], [(_, body)] = ears[0].listener.headers, ears[0].listener.received
    _, second = headers["webhook-signature"].split(" ")
    assert signed({**headers, "webhook-signature": second}, body)


async def test_a_target_that_fails_gets_the_same_message_again_and_keeps_nobody_waiting(
    db: Database, webhooks: WebhookService, ears: tuple[Ear, Ear], clock: FixedClock
) -> None:
    dead, well = ears
    await webhooks.send()
    dead.listener.status = 500
    await write(db, "a")
    failed, sent = await webhooks.send()
    assert (failed.changes, failed.failure, sent.changes) == (0, "HTTP 500", 1)
    await write(db, "b")
    rests, sent = await webhooks.send()
    assert rests.failure is not None
    assert (len(dead.messages), sent.changes) == (1, 1)
    waits = []
    for _ in range(3):
        [(_, state), _] = await webhooks.states()
        assert state is not None
        assert (state.error, state.waiting) == ("HTTP 500", 2)
        assert state.rests_until is not None
        waits.append(state.rests_until - clock.now())
        clock.advance(seconds=waits[-1].total_seconds())
        await webhooks.send()
    assert waits == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    dead.listener.status = 204
    assert taken(await webhooks.send(at_once=True)) == [2, 0]
    assert dead.ids == [dead.ids[0]] * 5 + [dead.ids[-1]]
    assert dead.ids[0] != dead.ids[-1]
    assert dead.names == [["a"]] * 5 + [["b"]]
    assert well.names == [["a"], ["b"]]
    [(_, state), _] = await webhooks.states()
    assert state is not None
    assert (state.failures, state.failing_since, state.rests_until) == (0, None, None)


async def test_a_message_that_was_taken_and_not_noted_is_sent_again(
    db: Database, webhooks: WebhookService, ears: tuple[Ear, Ear], clock: FixedClock
) -> None:
    await webhooks.send()
    await write(db, "a")

    async def killed(*message: Any) -> PostAnswer:
        await post(*message)
        raise asyncio.CancelledError

    dying = WebhookService(db, clock, webhooks.config, webhooks.feed, killed)
    with pytest.raises(asyncio.CancelledError):
        await dying.send()
    await write(db, "b")
    await webhooks.send()
    for ear in ears:
        assert ear.names == [["a"], ["a"], ["b"]]
        assert ear.ids[0] == ear.ids[1]


async def test_positions_that_are_given_out_anew_make_other_messages(
    db: Database, webhooks: WebhookService, ears: tuple[Ear, Ear]
) -> None:
    await webhooks.send()
    await write(db, "a", "b")
    await webhooks.send()
    await rows(db, "DELETE FROM property_changes")  # a back-up from before them was restored
    await rows(db, "UPDATE sync_webhooks SET cursor = 0")
    await write(db, "c", "d")
    await webhooks.send()
    first, second = ears[0].messages
    assert first["data"]["cursor"] == second["data"]["cursor"] == 2
    assert ears[0].names == [["a", "b"], ["c", "d"]]
    assert len({*ears[0].ids}) == 2


async def test_one_sender_at_a_time_is_at_a_target_and_a_dead_one_is_followed(
    db: Database, webhooks: WebhookService, ears: tuple[Ear, Ear], clock: FixedClock
) -> None:
    await webhooks.send()
    await write(db, "a")
    await rows(
        db,
        """UPDATE sync_webhooks SET claimed_by = gen_random_uuid(), claimed_until = :until""",
        until=clock.now() + timedelta(seconds=60),
    )
    busy = await webhooks.send()
    assert [each.failure is not None for each in busy] == [True, True]
    clock.advance(seconds=60)
    assert taken(await webhooks.send()) == [1, 1]
    assert ears[0].names == [["a"]]


async def test_a_message_holds_no_more_than_it_may(
    db: Database, webhooks: WebhookService, ears: tuple[Ear, Ear], monkeypatch: pytest.MonkeyPatch
) -> None:
    await webhooks.send()
    names = [f"{number:03}" for number in range(103)]
    await write(db, *names)
    await webhooks.send()
    assert ears[0].names == [names[:100], names[100:]]
    monkeypatch.setattr("pincali_sync.services.export.webhooks.MAX_BYTES", 300)
    await write(db, "x", "y")
    await webhooks.send()
    assert ears[0].names[2:] == [["x"], ["y"]]


async def test_a_target_is_told_what_changes_from_its_test_on(
    db: Database, webhooks: WebhookService, ears: tuple[Ear, Ear]
) -> None:
    await write(db, "a")
    first, _ = webhooks.targets
    await webhooks.test(first)
    await write(db, "b")
    assert taken(await webhooks.send()) == [1, 0]
    assert ears[0].names == [[], ["b"]]


async def test_time_that_is_up_leaves_the_rest_for_the_next_tick(
    db: Database, webhooks: WebhookService
) -> None:
    await webhooks.send()
    await write(db, "a")
    assert taken(await webhooks.send(seconds=0)) == [0, 0]
    assert taken(await webhooks.send()) == [1, 1]


async def test_a_redirect_is_not_followed_and_a_rest_that_is_asked_for_is_given(
    webhooks: WebhookService, ears: tuple[Ear, Ear]
) -> None:
    ears[0].listener.status = 307
    answer = await webhooks.test(webhooks.targets[0])
    assert answer.failure == "HTTP 307"
    assert len(ears[0].messages) == 1


async def test_nothing_is_sent_where_a_name_leads_inside(
    ears: tuple[Ear, Ear], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = urlsplit(ears[0].url)
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ours.hostname, ours.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)
    target = WebhookTarget(place=1, url=f"https://inside.example.org:{ours.port}")
    answer = await post(target, {}, b"{}")
    assert answer.failure is not None
    assert answer.failure.endswith("which is not public")
    assert ears[0].messages == []


async def test_a_tick_sends_and_people_are_told_of_a_target_that_is_dead(
    db: Database, clock: FixedClock, ears: tuple[Ear, Ear]
) -> None:
    dead, well = ears
    variables = {"webhook_urls": f"{dead.url} {well.url}", "webhook_secret": SECRET}
    lookout = Lookout(db, clock, variables=variables)
    await lookout.look()
    dead.listener.status = 410
    await write(db, "a")
    clock.advance(minutes=1)
    await lookout.look()
    assert (len(dead.messages), well.names) == (1, [["a"]])
    label = dead.url.removeprefix("http://").partition("/")[0]
    assert (await lookout.samples())[f"pincali_webhook_waiting target=1:{label}"] == 1
    clock.advance(minutes=20)
    assert await lookout.look() == ["warning: WebhookFailing"]
    dead.listener.status = 200
    clock.advance(hours=7)
    await lookout.look()
    clock.advance(minutes=1)
    assert "over: WebhookFailing" in await lookout.look()


def test_the_commands_show_targets_without_their_secrets_and_send(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
    ears: tuple[Ear, Ear],
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert say(capfd, "webhooks", "send")[::2] == (
        *(2, "pincali-sync: WEBHOOK_URLS names no target\n"),
    )
    monkeypatch.setenv("WEBHOOK_URLS", ", ".join(ear.url for ear in ears))
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    assert say(capfd, "webhooks", "test", "3")[0] == 2
    assert [each["failure"] for each in as_json(capfd, "webhooks", "test")] == [None, None]
    assert ears[1].messages[0]["type"] == "webhooks.test"
    assert [each["changes"] for each in as_json(capfd, "webhooks", "send", "2")] == [0]
    ears[0].listener.status = 503
    status, out, err = say(capfd, "webhooks", "test")
    assert status == 1
    assert err == f"1 {ears[0].listener.url}/…: HTTP 503\n"
    assert out == f"2 {ears[1].listener.url}/…: it took the test\n"
    status, out, err = say(capfd, "webhooks", "list")
    said = out + err + say(capfd, "config")[1]
    assert status == 0
    assert ears[1].listener.url in said
    assert "none-of-your-business" not in said
    assert SECRET not in said
