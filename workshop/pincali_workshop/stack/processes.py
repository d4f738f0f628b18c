"""Processes of one owner on this machine, known by a variable in their environment.

A process id alone proves nothing: it may have been given to somebody else since it was written
down, and it knows nothing of jobs that outlived the node that started them. A variable is
inherited by every descendant, whatever process group or session it moves to.
"""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from pincali_sync.files import open_private, private_folder

_KILL_SECONDS = 5


def processes_with(variable: str, value: str) -> list[int]:
    """Ids of living processes of ours that were started with this variable (Linux).

    Zombies have no environment any more and do not count; nor does the caller.
    """
    wanted = f"{variable}={value}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):  # gone meanwhile, or another user's
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def terminate_with(variable: str, value: str, *, within: float) -> bool:
    """Asks them all to end and kills those that have not after so many seconds.

    Returns:
        Whether there was any.
    """
    if not _signal_all(variable, value, signal.SIGTERM):
        return False
    if not comes_true(lambda: not processes_with(variable, value), within=within):
        # Again and again: one that is just being forked is not yet in the list.
        comes_true(lambda: not _signal_all(variable, value, signal.SIGKILL), within=_KILL_SECONDS)
    return True


def comes_true(condition: Callable[[], bool], *, within: float) -> bool:
    """Looks again and again until the condition holds; False when the time is up."""
    looking = Retrying(
        stop=stop_after_delay(within),
        wait=wait_fixed(0.1),
        retry=retry_if_result(lambda holds: not holds),
        retry_error_callback=lambda _: False,
    )
    return bool(looking(condition))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; a lock ends with the process that holds it."""
    private_folder(path.parent)
    with open_private(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _signal_all(variable: str, value: str, number: signal.Signals) -> list[int]:
    found = processes_with(variable, value)
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    return found
