"""Methods that are one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from pincali_sync.db.engine import Database
from pincali_sync.db.unit_of_work import UnitOfWork


class _OnDatabase(Protocol):
    _db: Database


S = TypeVar("S", bound=_OnDatabase)
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
        return await self._db.run(lambda tx: method(self, tx, *args, **kwargs))

    return run
