"""The feed of changes, for consumers who keep a cursor."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.export.change_feed import FeedEntry
from pincali_sync.exceptions import UsageError

_CHANNEL = "pincali_changes"  # of the trigger on `property_changes`
_NUMBERED_AT_ONCE = 10_000
_PAGE = 1_000
_LOOK_AGAIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """Some entries of the feed, in order; `next_cursor` asks for what comes after them."""

    entries: tuple[FeedEntry, ...]
    next_cursor: int


class ChangeFeedService:
    """Every committed change exactly once per walk from cursor to cursor, in one lasting order.

    A cursor is the position of the last entry that was read; 0 is the beginning. Consumers keep
    their own.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def number(self) -> int:
        """Gives positions to all changes that are committed and have none; returns how many.

        Killed at any point it has given whole chunks; whoever comes next goes on.
        """
        numbered, chunk = 0, _NUMBERED_AT_ONCE
        while chunk == _NUMBERED_AT_ONCE:
            chunk = await self._db.run(lambda tx: tx.feed.number(_NUMBERED_AT_ONCE))
            numbered += chunk
        return numbered

    async def read(self, after: int, limit: int = _PAGE) -> ChangePage:
        """What came after a cursor; an empty page keeps the cursor.

        Raises:
            UsageError: when the cursor is none that this database gave.
        """
        await self.number()
        async with self._db.transaction() as tx:
            entries = tuple(await tx.feed.read(after, limit))
            end = after if entries else await tx.feed.end()
        if not 0 <= after <= end:
            raise UsageError(
                f"cursor {after} is not of this database, whose feed ends at {end}: if an older "
                "backup was restored, take a full export and go on from there"
            )
        return ChangePage(entries=entries, next_cursor=entries[-1].position if entries else after)

    async def walk(self, after: int) -> AsyncGenerator[ChangePage, None]:
        """Pages from a cursor to the end of the feed.

        Raises:
            UsageError: when the cursor is none that this database gave.
        """
        while (page := await self.read(after)).entries:
            yield page
            after = page.next_cursor

    async def follow(self, after: int) -> AsyncGenerator[ChangePage, None]:
        """Pages for ever, each as soon as there is something to read.

        Looks when the database says so, and every half minute anyway: behind a transaction pooler
        nothing is heard.

        Raises:
            UsageError: when the cursor is none that this database gave.
            DatabaseUnavailableError: when the database goes away; the cursor is still good.
        """
        async with self._db.listen(_CHANNEL) as bell:
            while True:
                page = await self.read(after)
                after = page.next_cursor
                if page.entries:
                    yield page
                else:
                    await bell.wait(_LOOK_AGAIN_SECONDS)
