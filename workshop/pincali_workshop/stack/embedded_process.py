"""The process of an embedded server: whether it runs, and when it is really gone."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pincali_sync.exceptions import DatabaseUnavailableError
from pincali_workshop.stack.embedded_place import ServerPlace
from pincali_workshop.stack.ports import is_free

_DYING_SECONDS = 20


def pid_file(place: ServerPlace) -> tuple[int, int]:
    """The server's process and port, as its pid file says; zeros where it says nothing."""
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return 0, 0


def exists(pid: int) -> bool:
    """Whether there is such a process, dead ones that wait for their parent included."""
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return pid > 0


def is_zombie(pid: int) -> bool:
    """Whether a killed process still waits for its parent to take notice (Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def living_port(place: ServerPlace) -> int | None:
    """The port on which the server of this data folder listens; None when it does not live."""
    pid, port = pid_file(place)
    is_alive = exists(pid) and not is_zombie(pid)
    return port if is_alive and port and not is_free(port) else None


def wait_for_the_dead(place: ServerPlace) -> None:
    """PostgreSQL does not start while the process in its pid file exists, be it dying or dead.

    The file is not deleted instead: it guards the data against backends that outlived a kill.

    Raises:
        DatabaseUnavailableError: when nobody takes notice of its death.
    """
    pid, _ = pid_file(place)
    deadline = time.monotonic() + _DYING_SECONDS
    while exists(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    if is_zombie(pid):
        raise DatabaseUnavailableError(
            f"the killed PostgreSQL (process {pid}) is not cleaned up by this machine's init: "
            "restart the container, or set DATABASE_URL to a server of yours"
        )
