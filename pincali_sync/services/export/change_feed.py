"""The feed of changes, for consumers who keep a cursor."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from pincali_sync.domain.published import Change
from pincali_sync.exceptions import UsageError
from pincali_sync.services.base import Service

_CHANNEL = "pincali_changes"  # of the trigger on `property_changes`
_NUMBERED_AT_ONCE = 10_000
_PAGE = 1_000
_LOOK_AGAIN_SECONDS = 30.0


class ChangeFeedService(Service):
    """Every committed change exactly once per walk from cursor to cursor, in one lasting order.

    A cursor is the position of the last entry that was read; 0 is the beginning. Consumers keep
    their own.
    """

    async def number(self) -> int:
        """Gives positions to all changes that are committed and have none; returns how many.

        Killed at any point it has given whole chunks; whoever comes next goes on.
        """
        numbered, chunk = 0, _NUMBERED_AT_ONCE
        while chunk == _NUMBERED_AT_ONCE:
            chunk = await self.db.run(lambda tx: tx.feed.number(_NUMBERED_AT_ONCE))
            numbered += chunk
        return numbered

    async def read(
        self, after: int, limit: int = _PAGE, *, with_listing: bool = False
    ) -> list[Change]:
        """What came after a cursor, in order; the last entry's position is the next cursor.

        Args:
            with_listing: whether each entry brings its listing, as it is now.

        Raises:
            UsageError: when the cursor is none that this database gave.
        """
        await self.number()
        async with self.db.transaction() as tx:
            entries = await tx.feed.read(after, limit, with_listing=with_listing)
            end = after if entries else await tx.feed.end()
        if not 0 <= after <= end:
            raise UsageError(
                f"cursor {after} is not of this database, whose feed ends at {end}: if an older "
                "backup was restored, take a full export and go on from there"
            )
        return entries

    async def walk(
        self, after: int, *, with_listing: bool = False
    ) -> AsyncGenerator[list[Change], None]:
        """Pages from a cursor to the end of the feed.

        Args:
            with_listing: whether each entry brings its listing.

        Raises:
            UsageError: when the cursor is none that this database gave.
        """
        while entries := await self.read(after, with_listing=with_listing):
            yield entries
            after = entries[-1].position

    async def follow(
        self, after: int, *, with_listing: bool = False
    ) -> AsyncGenerator[list[Change], None]:
        """Pages for ever, each as soon as there is something to read.

        Looks when the database says so, and every half minute anyway: behind a transaction pooler
        nothing is heard.

        Args:
            with_listing: whether each entry brings its listing.

        Raises:
            UsageError: when the cursor is none that this database gave.
            DatabaseUnavailableError: when the database goes away; the cursor is still good.
        """
        async with self.db.listen(_CHANNEL) as bell:
            while True:
                async for entries in self.walk(after, with_listing=with_listing):
                    yield entries
                    after = entries[-1].position
                await bell.wait(_LOOK_AGAIN_SECONDS)
