"""What the services need from the layers above them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pincali_sync.db.repositories.quality.quality import QualityReport
from pincali_sync.domain.webhooks import WebhookTarget
from pincali_sync.items import FetchedPage

# The setting that makes a manifest job a dry run: where its report goes. Nothing else is written.
DRY_RUN_REPORT = "DRY_RUN_REPORT"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedJob:
    """A job that is to be done: its spider, its `-a` arguments and its `-s` settings.

    Settings show in process lists: secrets never go in here, jobs read them from the environment.
    """

    spider: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str | None:
        """The listing source it reads, where it reads one."""
        return self.arguments.get("source")

    def __str__(self) -> str:
        return f"{self.spider} {self.source}" if self.source else self.spider


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec(WantedJob):
    """One attempt at it, to be started."""

    job_id: UUID


class Fetcher(Protocol):
    """Fetches pages, politely: at the site's pace and within its robots.txt."""

    async def get(self, url: str) -> FetchedPage:
        """The answer, whatever its status.

        Raises:
            BlockedError: when the site refuses us: no further request may be sent.
        """


# One request to see whether the site answers again: what is still wrong; None when it answers well.
# Raises BlockedError when it refuses us: that is not asked a second time.
SiteProbe = Callable[[], Awaitable[str | None]]

# Runs a spider job on this machine to its end and returns its exit status (see `ExitStatus`).
RunJob = Callable[[JobSpec], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAnswer:
    """What became of a message to a webhook's target."""

    failure: str | None  # None: it took the message
    rest: timedelta | None = None  # for which it asked to be left alone


# Sends one message: to whom, its headers, its body. Never raises.
WebhookPost = Callable[[WebhookTarget, Mapping[str, str], bytes], Awaitable[PostAnswer]]


class Notifier(Protocol):
    """Tells people."""

    async def tell(self, title: str, body: str) -> bool:
        """Whether anybody was told, or there is nobody to tell. Never raises for a dead channel."""


# Writes the files of a quality report, whole or not at all, and returns their paths. Raises
# WriteError when they cannot be written.
ReportWriter = Callable[[QualityReport], tuple[Path, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLook:
    """What a look at a node showed."""

    node: str
    objection: str | None = None  # why it is given no jobs, and what to do; None: it takes them
    is_down: bool = False  # it gave no answer at all
    version: str | None = None  # of the code it runs; None: that of an installation of its own
    running: int = 0
    pending: int = 0  # jobs that wait there: it is full


class JobRunner(Protocol):
    """Starts spider jobs somewhere. How they fare is read from their rows, not asked here."""

    async def look(self) -> Sequence[NodeLook]:
        """How the nodes are, all that were configured; at least one."""

    async def start(self, spec: JobSpec, node: str) -> None:
        """Hands a job to a node.

        Raises:
            RunnerError: when the node refused it or gave no answer (it may have taken it).
        """

    async def is_in_line(self, job_id: UUID, node: str) -> bool:
        """Whether a node has taken a job and not begun it yet.

        Raises:
            RunnerError: when the node gave no answer.
        """

    def where_logged(self, spider: str, job_id: UUID, node: str) -> str:
        """The path or URL of what a job wrote down, for people."""

    async def cancel(self, job_id: UUID, node: str) -> None:
        """Asks a node to stop a job. A job that is not there is no error.

        Raises:
            RunnerError: when the node gave no answer.
        """


class LogReader(Protocol):
    """Knows where jobs write their logs."""

    def where_logged(self, spider: str, job_id: UUID, node: str) -> str:
        """Where a person finds a job's log."""

    async def end_of_log(self, spider: str, job_id: UUID, node: str, *, most: int) -> bytes:
        """Its last bytes, so many at most.

        Raises:
            RunnerError: when it cannot be read.
        """
