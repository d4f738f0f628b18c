"""Processes that die at one of their transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from pincali_sync.db.engine import Database, Driver
from pincali_sync.db.unit_of_work import UnitOfWork

T = TypeVar("T")


class KilledError(BaseException):
    """The process was killed."""


@dataclass
class Fate:
    """Which transactions, of all processes together and counted as they end, kill theirs.

    Every so many, from the first on: before they are committed, or after it, when nobody learns of
    it any more. None, unless told.
    """

    every: int = 0
    first: int = 0
    is_after: bool = False
    kills: int = field(default=0, init=False)
    _ended: int = field(default=0, init=False)

    def strikes(self) -> bool:
        """Whether the transaction that ends now kills its process."""
        self._ended += 1
        found = bool(self.every) and self._ended % self.every == self.first
        self.kills += found
        return found


class MortalDatabase(Database):
    """The database as one process sees it; once that is killed, it writes nothing more."""

    def __init__(self, db: Database, fate: Fate) -> None:
        self.__dict__ |= db.__dict__  # the same pool
        self._fate = fate
        self._is_dead = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        """As ever, unless it is the last one."""
        self._check()
        async with super().transaction() as tx:
            yield tx
            self._is_dead = self._fate.strikes()
            if not self._fate.is_after:
                self._check()
        self._check()

    async def run_statement(self, work: Callable[[Driver], Awaitable[T]]) -> T:
        """As ever, unless it is the last one."""
        self._check()
        self._is_dead = self._fate.strikes()
        if not self._fate.is_after:
            self._check()
        result = await super().run_statement(work)
        self._check()
        return result

    def _check(self) -> None:
        if self._is_dead:
            raise KilledError
