"""Every error this program raises on purpose, with the exit status it ends a command with.

Each message names the thing that is wrong and what to do about it: it is printed to the
operator as it stands, without a traceback.
"""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What a command tells cron."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PAUSED_OR_BLOCKED = 3
    LOCKED = 75  # EX_TEMPFAIL of sysexits.h: try again later


def line_of(error: BaseException) -> str:
    """What an error says, in its first line that says something; its kind where none does."""
    lines = filter(None, map(str.strip, str(error).splitlines()))
    return next(lines, type(error).__name__)


def in_one_line(error: BaseException) -> str:
    """What went wrong, to be shown beside other things: of a fault of the program, its kind too."""
    said, kind = line_of(error), type(error).__name__
    return said if isinstance(error, PincaliSyncError) or said == kind else f"{kind}: {said}"


class PincaliSyncError(Exception):
    """The root of all errors below; catch it to catch them all."""

    exit_status = ExitStatus.FAILED


class UsageError(PincaliSyncError):
    """Something was asked for that does not exist: of a command, a spider or a service."""

    exit_status = ExitStatus.USAGE


class ConfigError(UsageError):
    """A variable has a value that is refused. Raised by `config`, `notify` and `browser`."""


class OutdatedError(UsageError):
    """What somebody decides on is not what they saw any more. Raised by `services`."""


class DatabaseError(PincaliSyncError):
    """PostgreSQL did not do what it was asked, and nothing of it stays. Raised by `db`.

    `shown` says so without where and who, for pages that others may see.
    """

    shown = "PostgreSQL does not serve us. The log says why."


class DatabaseUnavailableError(DatabaseError):
    """PostgreSQL cannot be reached, or cannot serve us now: the same may succeed later."""


class CommitUnknownError(DatabaseUnavailableError):
    """The connection broke at the end of a transaction: it may have been carried out, or not."""


class DatabaseBusyError(DatabaseError):
    """What was asked took too long, or others were in its way: the same may succeed later."""


class SchemaVersionError(DatabaseError):
    """The database is not at the schema this code was written for. Raised by `db`."""


class CalibrationError(PincaliSyncError):
    """The site does not show what is certainly there, so no absence can be proven now."""


class StatisticsNotOursError(PincaliSyncError):
    """`property_stats` belongs to another role, which must refresh it. Raised by `db`."""


class WriteError(PincaliSyncError):
    """A file could not be written to its end. Raised by `services.export` and `reports`."""


class PausedError(PincaliSyncError):
    """A person, or a refusal of the site, has stopped this until `resume`. Raised by `services`."""

    exit_status = ExitStatus.PAUSED_OR_BLOCKED


class RunnerError(PincaliSyncError):
    """A job could not be started, asked about or stopped. Raised by `runner`."""


class BrowserMissingError(PincaliSyncError):
    """No Chromium was found for detail pages, or it does not start, or opens none.

    Raised by `browser`.
    """


class BrowserEndedError(PincaliSyncError):
    """The browser was ended while it fetched a page, because of another. Raised by `browser`."""


class PageError(PincaliSyncError):
    """A page is not what it was fetched as: no listing, or another one; or it is none at all.

    Raised by `pages` and `browser`.
    """


class BlockedError(PincaliSyncError):
    """The site refuses us: a challenge, a captcha, a 403. Never worked around."""

    exit_status = ExitStatus.PAUSED_OR_BLOCKED


class SupersededError(PincaliSyncError):
    """Another attempt of this job has taken over: what this one still writes is refused."""


class LockedError(PincaliSyncError):
    """Another runner holds the lock, or a run of this tier is still open."""

    exit_status = ExitStatus.LOCKED
