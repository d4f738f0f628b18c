"""What all services are made of, and their methods that are one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from pincali_sync.clock import Clock
from pincali_sync.config import Config
from pincali_sync.db.engine import Database
from pincali_sync.db.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Service:
    """Works on one database, by a clock, as configured."""

    db: Database
    clock: Clock
    config: Config


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
