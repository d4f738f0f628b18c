"""What all services are made of, and their methods that are one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from pincali_sync.clock import Clock
from pincali_sync.config import Config
from pincali_sync.db.engine import Database
from pincali_sync.db.unit_of_work import UnitOfWork

# Few enough that hardly two live rows of one page change at once: the second would find no room
# there, and no update would be HOT.
_AT_ONCE = 1_000
_DELETED = 20_000
# Deletes up to so many rows from before a time; returns their number.
Clean = Callable[..., Awaitable[int]]
R = TypeVar("R")


@dataclass(frozen=True)
class Service:
    """Works on one database, by a clock, as configured."""

    db: Database
    clock: Clock
    config: Config

    async def in_chunks(
        self, records: Sequence[R], work: Callable[[UnitOfWork, Sequence[R]], Awaitable[object]]
    ) -> None:
        """Works on so many at once that no row is locked for long: a transaction each."""
        for start in range(0, len(records), _AT_ONCE):
            chunk = records[start : start + _AT_ONCE]
            await self.db.run(lambda tx, chunk=chunk: work(tx, chunk))  # type: ignore[misc]

    async def delete_in_chunks(self, clean: Callable[[UnitOfWork], Clean], days: float) -> int:
        """Has rows deleted that ended longer ago, a transaction a chunk; returns their number."""
        before, deleted, total = self.clock.now() - timedelta(days=days), _DELETED, 0
        while deleted == _DELETED:
            deleted = await self.db.run(lambda tx: clean(tx)(before=before, size=_DELETED))
            total += deleted
        return total


S = TypeVar("S", bound=Service)
P = ParamSpec("P")
T = TypeVar("T")


def in_transaction(
    method: Callable[Concatenate[S, UnitOfWork, P], Awaitable[T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Runs a service's method in one transaction, which it takes as its first argument.

    The transaction is repeated from the start after a deadlock: the method must have no effects
    outside it. Callers leave the argument out.
    """

    @wraps(method)
    async def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.db.run(lambda tx: method(self, tx, *args, **kwargs))

    return run
