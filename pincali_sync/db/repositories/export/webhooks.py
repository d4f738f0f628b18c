"""`sync_webhooks`: how far each target of webhooks was told of changes, and how it fares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pincali_sync.clock import TOLERATED
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.export.feed import END
from pincali_sync.domain.webhooks import LONGEST_REST


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookState:
    """A target as the last attempt left it."""

    target: str  # `WebhookTarget.key`
    cursor: int  # the last change that it took
    batch_end: int | None  # the last one of the message that it is being sent
    waiting: int  # positions from the cursor to the feed's end
    failures: int  # in a row
    failing_since: datetime | None
    rests_until: datetime | None  # None: it may be sent to
    delivered_at: datetime | None  # when it last took a message
    error: str | None  # what became of the last attempt; None: it was taken


_COLUMNS = f"""target, cursor, batch_end, greatest(({END}) - cursor, 0) AS waiting, failures,
       failing_since, rests_until, delivered_at, error"""
# Who is at it holds a claim, so that messages go out in order: each runs out by itself. A claim or
# a rest that lasts longer than any was begun before the clock was set back: it is over.
_CLAIM = f"""
UPDATE sync_webhooks SET claimed_by = :by, claimed_until = :until
 WHERE target = :target
   AND (claimed_until > :now AND claimed_until <= :longest_claim) IS NOT TRUE
   AND ((rests_until > :now AND rests_until <= :longest_rest) IS NOT TRUE OR :at_once)
RETURNING {_COLUMNS}
"""
_OURS = "WHERE target = :target AND claimed_by = :by"


class WebhookRepository(Repository):
    """SQL of `sync_webhooks`."""

    async def known(self, targets: Sequence[str]) -> list[WebhookState]:
        """These targets, as far as they were ever sent to."""
        statement = f"SELECT {_COLUMNS} FROM sync_webhooks WHERE target = ANY(:targets)"
        return await self._all(WebhookState, statement, targets=list(targets))

    async def add(self, targets: Sequence[str]) -> None:
        """Notes those that are new: what is in the feed already is not news to them."""
        statement = f"""INSERT INTO sync_webhooks (target, cursor)
            SELECT target, ({END}) FROM unnest(CAST(:targets AS text[])) AS target
            ON CONFLICT (target) DO NOTHING"""
        await self._run(statement, targets=sorted(targets))

    async def claim(
        self, target: str, by: UUID, *, now: datetime, until: datetime, at_once: bool
    ) -> WebhookState | None:
        """Claims a target for a sender; None while another is at it, or it rests.

        Args:
            at_once: whether it is sent to although it rests.
        """
        return await self._first(
            WebhookState,
            _CLAIM,
            target=target,
            by=by,
            now=now,
            until=until,
            longest_claim=until + TOLERATED,
            longest_rest=now + LONGEST_REST + TOLERATED,
            at_once=at_once,
        )

    async def begin(self, target: str, by: UUID, *, end: int, until: datetime) -> bool:
        """Notes where a message ends, so that it ends there when it is sent again; whether the
        claim still holds."""
        statement = f"UPDATE sync_webhooks SET batch_end = :end, claimed_until = :until {_OURS}"
        return await self._count(statement, target=target, by=by, end=end, until=until) == 1

    async def delivered(self, target: str, by: UUID, *, now: datetime) -> bool:
        """Notes that the message was taken; whether the claim still held."""
        statement = f"""UPDATE sync_webhooks
               SET cursor = batch_end, batch_end = NULL, failures = 0, failing_since = NULL,
                   rests_until = NULL, error = NULL, delivered_at = :now {_OURS}"""
        return await self._count(statement, target=target, by=by, now=now) == 1

    async def failed(
        self, target: str, by: UUID, *, error: str, now: datetime, rests_until: datetime
    ) -> None:
        """Notes that the message was not taken, and until when the target is left alone."""
        statement = f"""UPDATE sync_webhooks
               SET failures = failures + 1, failing_since = coalesce(failing_since, :now),
                   rests_until = :rests_until, error = :error {_OURS}"""
        await self._run(
            statement, target=target, by=by, now=now, rests_until=rests_until, error=error
        )

    async def release(self, target: str, by: UUID) -> None:
        """Gives a claim back."""
        await self._run(
            f"UPDATE sync_webhooks SET claimed_by = NULL, claimed_until = NULL {_OURS}",
            target=target,
            by=by,
        )
