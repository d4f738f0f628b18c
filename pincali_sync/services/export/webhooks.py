"""Webhooks: the feed of changes, sent to those who want to be told and not to ask.

At least once and in order, for each target by itself: how far it was told is kept in the database
and moves on when it has taken a message. One that was not taken is sent again with the same changes
and under the same id, after rests that grow.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from pincali_sync.db.repositories.export.webhooks import WebhookState
from pincali_sync.domain.published import (
    SCHEMA_VERSION,
    Change,
    WebhookData,
    WebhookMessage,
)
from pincali_sync.domain.webhooks import (
    MAX_BYTES,
    MAX_CHANGES,
    WebhookTarget,
    rest_after,
    signed_headers,
    targets_of,
)
from pincali_sync.services.base import Service
from pincali_sync.services.export.change_feed import ChangeFeedService
from pincali_sync.services.ports import PostAnswer, WebhookPost

logger = logging.getLogger(__name__)

# Longer than a message takes; a sender that was killed keeps others off for so long at most.
_CLAIM = timedelta(minutes=1)
_AS_BYTES = TypeAdapter(WebhookMessage).dump_json
_ONE_AS_BYTES = TypeAdapter(Change).dump_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of one target."""

    place: int
    target: str  # what may be shown of its URL
    changes: int  # that it took
    failure: str | None = None  # why it was not sent to, or did not take a message


@dataclass(frozen=True)
class WebhookService(Service):
    """Sends what is new to each target of `WEBHOOK_URLS`."""

    feed: ChangeFeedService
    post: WebhookPost

    @property
    def targets(self) -> tuple[WebhookTarget, ...]:
        """The configured targets."""
        return targets_of(self.config)

    async def send(
        self,
        targets: Sequence[WebhookTarget] | None = None,
        *,
        seconds: float = float("inf"),
        at_once: bool = False,
    ) -> list[Sent]:
        """Sends until all is taken or the time is up; a target that fails keeps no other waiting.

        Args:
            targets: those meant; None: all.
            seconds: after which no further message is begun.
            at_once: whether targets are sent to that rest.
        """
        until = monotonic() + seconds
        meant = self.targets if targets is None else targets
        if not meant:
            return []
        await self._know(meant)
        sending = (self._send(each, until, at_once=at_once) for each in meant)
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return [each for each in outcomes if isinstance(each, Sent)]

    async def test(self, target: WebhookTarget) -> PostAnswer:
        """Sends a message without changes. From then on the target is told what changes."""
        await self._know([target])
        now = self.clock.now()
        data = WebhookData(schema=SCHEMA_VERSION, cursor=0, changes=[])
        message = WebhookMessage(type="webhooks.test", timestamp=now, data=data)
        return await self._post(target, f"test_{uuid4().hex}", message)

    async def states(self) -> list[tuple[WebhookTarget, WebhookState | None]]:
        """Each target and how it fares; None: it was never sent to."""
        keys = [each.key for each in self.targets]
        known = await self.db.run(lambda tx: tx.webhooks.known(keys))
        by_key = {each.target: each for each in known}
        return [(each, by_key.get(each.key)) for each in self.targets]

    async def _know(self, targets: Sequence[WebhookTarget]) -> None:
        """New ones begin at the end of the feed."""
        await self.feed.number()
        await self.db.run(lambda tx: tx.webhooks.add([each.key for each in targets]))

    async def _send(self, target: WebhookTarget, until: float, *, at_once: bool) -> Sent:
        by, now = uuid4(), self.clock.now()
        state = await self.db.run(
            lambda tx: tx.webhooks.claim(
                target.key, by, now=now, until=now + _CLAIM, at_once=at_once
            )
        )
        if state is None:
            return _sent(target, 0, "it rests, or another sender is at it: see `webhooks list`")
        try:
            return await self._deliver(target, by, state, until)
        finally:
            await self.db.run(lambda tx: tx.webhooks.release(target.key, by))

    async def _deliver(
        self, target: WebhookTarget, by: UUID, state: WebhookState, until: float
    ) -> Sent:
        """Message after message, as long as the claim holds."""
        cursor, end, taken = state.cursor, state.batch_end, 0
        while monotonic() < until and (message := await self._next(cursor, end)):
            begins, cursor, end = cursor + 1, message.data.cursor, None
            if not await self._begin(target, by, cursor):
                break
            answer = await self._post(target, _id_of(message, begins), message)
            if answer.failure is not None:
                await self._note_failure(target, by, state, answer, retried=taken == 0)
                return _sent(target, taken, answer.failure)
            now = self.clock.now()
            if not await self.db.run(
                lambda tx, now=now: tx.webhooks.delivered(target.key, by, now=now)  # type: ignore[misc]
            ):
                break
            taken += len(message.data.changes)
        return _sent(target, taken)

    async def _next(self, cursor: int, end: int | None) -> WebhookMessage | None:
        """The message after a cursor; one that was begun ends where it did."""
        async with self.db.transaction() as tx:
            found = await tx.feed.read(cursor, MAX_CHANGES, with_listing=True)
        begun = [each for each in found if end is not None and each.position <= end]
        changes = begun or _as_many_as_fit(found)
        if not changes:
            return None
        return WebhookMessage(
            type="listings.changed",
            timestamp=changes[-1].created_at,
            data=WebhookData(schema=SCHEMA_VERSION, cursor=changes[-1].position, changes=changes),
        )

    async def _begin(self, target: WebhookTarget, by: UUID, end: int) -> bool:
        until = self.clock.now() + _CLAIM
        return await self.db.run(lambda tx: tx.webhooks.begin(target.key, by, end=end, until=until))

    async def _post(
        self, target: WebhookTarget, message_id: str, message: WebhookMessage
    ) -> PostAnswer:
        body = _AS_BYTES(message)
        headers = signed_headers(self.config, message_id, body, self.clock.now())
        return await self.post(target, headers, body)

    async def _note_failure(
        self,
        target: WebhookTarget,
        by: UUID,
        state: WebhookState,
        answer: PostAnswer,
        *,
        retried: bool,
    ) -> None:
        failures = state.failures + 1 if retried else 1
        error, now = str(answer.failure), self.clock.now()
        rest = rest_after(failures, answer.rest)
        # Once: the alert tells of what lasts.
        logger.log(
            logging.WARNING if failures == 1 else logging.INFO,
            "webhook %s (%s) did not take changes: %s; again in %s",
            *(target.place, target.shown, error, rest),
        )
        await self.db.run(
            lambda tx: tx.webhooks.failed(
                target.key, by, error=error, now=now, rests_until=now + rest
            )
        )


def _id_of(message: WebhookMessage, begins: int) -> str:
    """What a message is known by, however often it is sent.

    A restored database gives positions out anew, and their changes are others: the time of the last
    one keeps a target from taking them for what it knows.
    """
    noted = round(message.timestamp.timestamp() * 1_000_000)
    return f"changes_{begins}_{message.data.cursor}_{noted}"


def _as_many_as_fit(changes: Sequence[Change]) -> list[Change]:
    """As many as a message may hold, at least one."""
    size = 0
    fitting: list[Change] = []
    for change in changes:
        size += len(_ONE_AS_BYTES(change))
        if fitting and size > MAX_BYTES:
            break
        fitting.append(change)
    return fitting


def _sent(target: WebhookTarget, changes: int, failure: str | None = None) -> Sent:
    return Sent(place=target.place, target=target.shown, changes=changes, failure=failure)
