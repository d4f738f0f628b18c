"""Processes that can be hit, and hitting them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psycopg

from pincali_workshop.stack.processes import processes_with

_BACKENDS = """
SELECT pid FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND application_name LIKE 'pincali-sync%' ORDER BY pid"""


def of_home(home: Path) -> list[int]:
    """All that was started with the variables of a stage, whoever its parent is now."""
    return processes_with("PINCALI_HOME", str(home))


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    return bool(pid and command_of(pid))


def command_of(pid: int) -> list[str]:
    """A process's command line; empty when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return []


def process_of_job(home: Path, job_id: str) -> int | None:
    """The spider of a job; None when it has no process yet, or none any more."""
    with suppress(OSError):
        pid = int((home / "logs" / "jobs" / f"{job_id}.pid").read_text())
        return pid if is_alive(pid) else None
    found = [pid for pid in of_home(home) if any(job_id in part for part in command_of(pid))]
    return min(found, default=None)


def family_of(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                children.setdefault(int(parent), []).append(int(entry.name))
    family = [pid]
    for member in family:
        family += children.get(member, [])
    return family


def browsers(home: Path) -> list[int]:
    """The main processes of browsers: known by whom they descend from, as they see no variables."""
    families = {pid for spider in of_home(home) for pid in family_of(spider)}
    return [pid for pid in sorted(families) if _is_browser(command_of(pid))]


def _is_browser(command: list[str]) -> bool:
    is_helper = any(part.startswith("--type=") for part in command)
    return bool(command) and "chrom" in Path(command[0]).name and not is_helper


def backends(url: str) -> list[int]:
    """The server's processes that work for the product; none while the server is down."""
    try:
        with psycopg.connect(url, connect_timeout=3, application_name="chaos") as connection:
            return [pid for (pid,) in connection.execute(_BACKENDS)]
    except psycopg.OperationalError:
        return []


def send(number: signal.Signals, pids: Iterable[int]) -> None:
    """Sends a signal; who is gone is passed over."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
