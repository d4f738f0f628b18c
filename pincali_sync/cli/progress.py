"""One line about what goes on meanwhile, on standard error: in place, or now and then."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.status import Status

from pincali_sync.cli.output import echo
from pincali_sync.domain.names import step_name
from pincali_sync.language import _
from pincali_sync.rendering.formats import duration, number
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.ports import JobSpec
from pincali_sync.services.runs.run_figures import RunProgress

_LOOK_SECONDS = 1.0
_PLAIN_EVERY = 60.0  # seconds, where no terminal shows the line in place
_TAIL_BYTES = 20_000
_PROGRESS = re.compile(r"progress: (.+)")

Tell = Callable[[str], None]


@contextmanager
def progress_line(*, quiet: bool = False) -> Iterator[Tell]:
    """Shows the latest of what it is told while the block runs.

    Args:
        quiet: shows nothing, for programs.
    """
    console = Console(stderr=True, markup=False, highlight=False)
    if quiet or not console.is_terminal:
        yield _tell_nothing if quiet else _Plain().tell
        return
    with console.status("", spinner="dots") as line:
        yield _in_place(console, line)


def _tell_nothing(__: str) -> None:
    pass


def _in_place(console: Console, line: Status) -> Tell:
    started = monotonic()

    def tell(text: str) -> None:
        shown = f"{text} ({duration(monotonic() - started)})"
        line.update(shown[: console.width - 3])  # what wraps is not drawn over again

    return tell


class _Plain:
    """A line a minute, if there is anything new to say."""

    def __init__(self) -> None:
        self._last, self._said_at = "", monotonic()

    def tell(self, text: str) -> None:
        """Says it, if it is time."""
        if text != self._last and monotonic() - self._said_at >= _PLAIN_EVERY:
            echo(text, err=True)
            self._last, self._said_at = text, monotonic()


class Estimator:
    """How long what is left will take, by what was done since it was first asked."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[float, int]] = {}

    def seconds_left(self, what: str, done: int, wanted: int | None) -> float | None:
        """None while nothing tells."""
        began, before = self._first.setdefault(what, (monotonic(), done))
        if wanted is None or done <= before:
            return None
        return (wanted - done) * (monotonic() - began) / (done - before)

    def line_of(self, progress: Sequence[RunProgress]) -> str:
        """Open runs in a line: the step, pages, details, and the time that is left of the step."""
        return "; ".join(map(self._one, progress)) or _("starting")

    def _one(self, each: RunProgress) -> str:
        run, queue = each.run, each.queue
        parts = [_("tier %(tier)s: %(step)s", tier=run.tier_level, step=step_name(run.step))]
        if each.sources:
            parts.append(_("pages %(done)s", done=_of(each.pages_read, each.pages_expected)))
        if queue.queued:
            done = _of(queue.completed + queue.failed, queue.queued)
            parts.append(_("details %(done)s", done=done))
        if run.step == "scan":
            left = self.seconds_left(f"{run.id} scan", each.pages_read, each.pages_expected)
        else:
            finished = queue.queued - queue.open
            left = self.seconds_left(f"{run.id} {run.step}", finished, queue.queued)
        if left:
            parts.append(_("about %(time)s left", time=duration(left)))
        return ", ".join(parts)


def _of(done: int, wanted: int | None) -> str:
    if wanted is None:
        return number(done)
    return _("%(part)s of %(whole)s", part=number(done), whole=number(wanted))


async def run_shown(runner: LocalJobRunner, job: JobSpec, doing: str, *, quiet: bool) -> int:
    """Runs a job to its end, with a line about how far it is; returns its exit status.

    Args:
        doing: what it does, such as "fetching detail pages".
    """
    spec = replace(job, settings={"PROGRESS_SECONDS": "2", **job.settings})
    running = asyncio.ensure_future(runner.run(spec))
    with progress_line(quiet=quiet) as tell:
        try:
            while not running.done():
                said = last_progress(runner.log_of(job.job_id))
                tell(f"{doing}: {said}" if said else doing)
                await asyncio.wait([running], timeout=_LOOK_SECONDS)
        except asyncio.CancelledError:  # the job is told to end as well
            running.cancel()
            await asyncio.wait([running])
            raise
    return running.result()


def last_progress(log: Path) -> str | None:
    """What a job wrote down last of how far it is."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            said = _PROGRESS.findall(file.read().decode(errors="replace"))
    except OSError:
        return None
    return said[-1] if said else None
