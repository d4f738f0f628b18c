"""What a check is, and what it may find."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TypeVar

from pincali_sync.bootstrap import Services
from pincali_sync.config import Config
from pincali_sync.db.unit_of_work import UnitOfWork

T = TypeVar("T")

_STATEMENT_SECONDS = 20.0
FIX = "`pincali-sync doctor --fix`"  # in a remedy: the check's `mend` sees to it


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"  # it works, and somebody should look
    BAD = "bad"  # something that was promised does not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: how it is, what that means, and how to mend it."""

    level: Level
    what: str
    remedy: str = ""


def ok(what: str) -> Finding:
    """All is well."""
    return Finding(level=Level.OK, what=what)


def warn(what: str, remedy: str) -> Finding:
    """Somebody should look."""
    return Finding(level=Level.WARN, what=what, remedy=remedy)


def bad(what: str, remedy: str) -> Finding:
    """Something must be mended."""
    return Finding(level=Level.BAD, what=what, remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is looked at."""

    services: Services

    @property
    def config(self) -> Config:
        """What is in force."""
        return self.services.config

    async def ask(self, question: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """The answer of one transaction, none of whose statements takes long.

        Raises what the question raises.
        """
        async with self.services.db.transaction() as tx:
            await tx.server.be_brief(_STATEMENT_SECONDS)
            return await question(tx)

    async def do(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """What one transaction comes to that may take its time. Raises what the work raises."""
        return await self.services.db.run(work)


class Needs(IntEnum):
    """What must be there for a check to make sense; each needs those before it, too."""

    NOTHING = 0
    DATABASE = 1
    SCHEMA = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is looked at, with what may be done about it."""

    name: str
    look: Callable[[Patient], Awaitable[Finding | Sequence[Finding]]]
    needs: Needs = Needs.NOTHING
    # Puts right what is safe to, and may be repeated: what it did, or "" where that was nothing.
    mend: Callable[[Patient], Awaitable[str]] | None = None
    beside_runner: bool = True  # whether that may happen while a tick is under way
