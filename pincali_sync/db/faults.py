"""What errors of PostgreSQL and of its driver mean: the one place that knows them.

Whoever works with the database learns whether the same may succeed later, an operator what happened
and what to do. What is let through as it is, is a fault of the program or of its data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pincali_sync.exceptions import (
    CommitUnknownError,
    DatabaseBusyError,
    DatabaseError,
    DatabaseUnavailableError,
    SchemaVersionError,
)


@dataclass(frozen=True, slots=True)
class _Fault:
    kind: type[DatabaseError]
    what: str  # PostgreSQL at such an address ...
    remedy: str


_AWAY = _Fault(
    DatabaseUnavailableError,
    "cannot be reached",
    "Start it (`make up` starts the embedded one) or correct DATABASE_URL.",
)
_ENDED = _Fault(
    DatabaseUnavailableError,
    "ended the connection",
    "It, or the pooler before it, restarts, or somebody ended the session: if it is not back in a "
    "minute, its log says why.",
)
_NOT_YET = _Fault(
    DatabaseUnavailableError,
    "takes no connections now",
    "Wait until it has started; if that does not end, its log says why.",
)
_CROWDED = _Fault(
    DatabaseUnavailableError,
    "has no connection left for us",
    "Raise max_connections, or the CONNECTION LIMIT of the role or the database, or let a pooler "
    "share the connections; pg_stat_activity shows who holds them.",
)
_SHUT_OUT = _Fault(
    DatabaseUnavailableError,
    "refuses the connection",
    "Correct the role, password or name in DATABASE_URL, or have the role let in again.",
)
_DISK_FULL = _Fault(
    DatabaseUnavailableError,
    "has no room left on its disk",
    "Make room there: until then nothing is written, and nothing half.",
)
_SHORT = _Fault(
    DatabaseUnavailableError,
    "has not enough of something left, or trouble with its disk",
    "See to its memory and its disk; its log says more.",
)
_READ_ONLY = _Fault(
    DatabaseUnavailableError,
    "takes no changes",
    "It is a standby, or was made read-only: let DATABASE_URL lead to the primary.",
)
_SLOW = _Fault(
    DatabaseBusyError,
    "gave a statement up",
    "If that goes on, look at what slows it down (pg_stat_activity), or give the role more time: "
    "ALTER ROLE … SET statement_timeout = '15min'.",
)
_LOCKED = _Fault(
    DatabaseBusyError,
    "could not give a lock in time",
    "Another program holds it: pg_stat_activity and pg_locks show which.",
)
_IN_EACH_OTHERS_WAY = _Fault(
    DatabaseBusyError,
    "let others go first, again and again",
    "Another program locks the same rows: pg_stat_activity and its log show which.",
)
_NO_RIGHT = _Fault(
    DatabaseError,
    "does not let the role do that",
    "Use the role that owns the tables, or give the role back what it may do.",
)
_OTHER_SCHEMA = _Fault(
    SchemaVersionError,
    "has another schema than this program needs",
    "It was upgraded, restored or changed meanwhile: run the version that belongs to it, or "
    "`alembic upgrade head` from the version you run. `pincali-sync doctor` names what differs.",
)

# By SQLSTATE, or by its class.
_BY_STATE = {
    **dict.fromkeys(("08", "57", "25P03", "25P04"), _ENDED),
    **dict.fromkeys(("57P03",), _NOT_YET),
    **dict.fromkeys(("28", "3D"), _SHUT_OUT),
    **dict.fromkeys(("53", "58"), _SHORT),
    **{"53100": _DISK_FULL, "53300": _CROWDED, "25006": _READ_ONLY},
    **{"57014": _SLOW, "55P03": _LOCKED, "40": _IN_EACH_OTHERS_WAY},
    **{"42501": _NO_RIGHT},
    **dict.fromkeys(("42P01", "42703", "42804", "42883", "42P10", "3F000"), _OTHER_SCHEMA),
}
# Of a connection that is not made the driver passes on the server's words alone, in its language:
# known or not, "FATAL" is among them.
_BY_WORDS = (
    (re.compile(r"^(?:the connection is|consuming input|sending query|flushing)"), _ENDED),
    (re.compile("too many (?:connections|clients)|connection slots|no more conn"), _CROWDED),
    (re.compile("starting up|shutting down|recovery mode|not (?:yet|currently) acc"), _NOT_YET),
    (re.compile("FATAL"), _SHUT_OUT),
)
_LOST = frozenset({_AWAY, _ENDED})
_OF_VALUES = frozenset({"22", "23", "44", "P0"})  # classes of SQLSTATE; P0: a trigger's own word
_TRANSIENT = frozenset({_IN_EACH_OTHERS_WAY, _ENDED})


@contextmanager
def told_plainly(address: str) -> Iterator[None]:
    """Raises what an operator is to be told of the block's errors.

    Args:
        address: of the server, as it may be shown.

    Raises:
        DatabaseError: one of its kinds.
    """
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:  # psycopg's own come from COPY, and of claims
        fault = _fault_of(error)
        if fault is None:
            raise
        told = fault.kind(f"PostgreSQL at {address} {fault.what}: {_said(error)}. {fault.remedy}")
        told.shown = f"PostgreSQL {fault.what}. {fault.remedy}"
        raise told from error
    except PoolTimeout as error:
        raise DatabaseBusyError(
            f"all connections of this process to PostgreSQL at {address} are in use: {_SLOW.remedy}"
        ) from error


@contextmanager
def told_when_lost(address: str) -> Iterator[None]:
    """For the end of a transaction: where the connection breaks, its outcome is not known.

    Raises:
        CommitUnknownError: of such an error; others pass.
    """
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        if _fault_of(error) not in _LOST:
            raise
        raise CommitUnknownError(
            f"PostgreSQL at {address} ended the connection before it said that all was done: "
            f"{_said(error)}. Look whether it was before you do it again."
        ) from error


def is_transient(error: DatabaseError) -> bool:
    """Whether the same may succeed at once: after a deadlock, or on another connection."""
    cause = error.__cause__
    return isinstance(cause, DBAPIError | psycopg.Error) and _fault_of(cause) in _TRANSIENT


def refusal_of(error: BaseException) -> str | None:
    """Why the values themselves were refused, without them; None where they were not.

    By type, constraint or trigger, an adopter's own as well: other rows may pass.
    """
    original = _original(error) if isinstance(error, DBAPIError) else error
    if not isinstance(original, psycopg.Error) or original.sqlstate is None:
        return None
    if original.sqlstate[:2] not in _OF_VALUES:
        return None
    return original.diag.message_primary or type(original).__name__


def is_read_only(error: DBAPIError) -> bool:
    """Whether its connection leads to a server that takes no changes, or no longer."""
    return _fault_of(error) is _READ_ONLY


def _fault_of(error: DBAPIError | psycopg.Error) -> _Fault | None:
    original = _original(error)
    state = original.sqlstate if isinstance(original, psycopg.Error) else None
    if state is not None:
        return _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    if not isinstance(original, psycopg.OperationalError | psycopg.InterfaceError):
        return None
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _ENDED
    said = str(original)
    return next((fault for words, fault in _BY_WORDS if words.search(said)), _AWAY)


def _original(error: DBAPIError | psycopg.Error) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _said(error: DBAPIError | psycopg.Error) -> str:
    """In one line; of several addresses that were tried, what the last one said."""
    original = _original(error)
    lines = str(original).strip().splitlines() or [repr(original)]
    return (lines[-1].removeprefix("- ") if lines[0].endswith(":") else lines[0]).rstrip(".")
