"""The end of a job's log, for people: bounded, and of hostile text only what can be seen."""

from __future__ import annotations

from dataclasses import dataclass

from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.services.ports import LogReader
from pincali_sync.visible import visible

_MOST_BYTES = 262_144
_LONGEST_LINE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLog:
    """The last lines of what a job wrote."""

    place: str  # the file, or the page of the node
    lines: tuple[str, ...]
    is_cut: bool  # there is more before them


async def read_log(reader: LogReader, job: Job, lines: int) -> JobLog:
    """As many lines as are wanted, if they are not too long.

    Raises:
        RunnerError: when the log cannot be read; says where it would be.
    """
    place = (job.spider, job.id, job.node or "")
    end = await reader.end_of_log(*place, most=_MOST_BYTES)
    found = end.decode("utf-8", "replace").splitlines()
    if len(end) == _MOST_BYTES:
        del found[:1]  # a part of a line
    return JobLog(
        place=reader.where_logged(*place),
        lines=tuple(visible(each[:_LONGEST_LINE]) for each in found[-lines:]),
        is_cut=len(end) == _MOST_BYTES or len(found) > lines,
    )
