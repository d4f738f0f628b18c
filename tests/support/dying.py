"""Processes that die at one of their transactions."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from pincali_sync.db.engine import Database, Driver
from pincali_sync.db.unit_of_work import UnitOfWork

T = TypeVar("T")
_NEAREST, _FURTHEST = 40, 80  # transactions


class KilledError(BaseException):
    """The process was killed."""


class Death(Enum):
    """When a transaction kills its process: after the commit, nobody learns of it any more."""

    BEFORE_COMMIT = 1
    AFTER_COMMIT = 2


@dataclass
class Fate:
    """Which transactions kill, of all processes together and counted as they end.

    One in some dozens, as the seed draws. They are too far apart for a job to die three times in a
    row, and at no fixed distance: whatever begins anew after each would die at the same point.
    """

    seed: int | None = None  # None: nobody dies
    kills: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)
        self._left = self._draw.randint(1, _FURTHEST)

    def next(self) -> Death | None:
        """Whether the transaction that ends now kills its process."""
        self._left -= self.seed is not None
        if self._left:
            return None
        self._left = self._draw.randint(_NEAREST, _FURTHEST)
        self.kills += 1
        return self._draw.choice(list(Death))


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
            death = self._fate.next()
            self._die_of(death, Death.BEFORE_COMMIT)
        self._die_of(death, Death.AFTER_COMMIT)

    async def run_statement(self, work: Callable[[Driver], Awaitable[T]]) -> T:
        """As ever, unless it is the last one."""
        self._check()
        death = self._fate.next()
        self._die_of(death, Death.BEFORE_COMMIT)
        result = await super().run_statement(work)
        self._die_of(death, Death.AFTER_COMMIT)
        return result

    def _die_of(self, death: Death | None, kind: Death) -> None:
        self._is_dead = death is kind
        self._check()

    def _check(self) -> None:
        if self._is_dead:
            raise KilledError
