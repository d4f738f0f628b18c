"""What a process holds, and held at its greatest, as Linux tells it."""

from __future__ import annotations

from pathlib import Path

_PROCESS = Path("/proc/self")


def forget_peak() -> None:
    """From now on the peak is that of what comes."""
    _PROCESS.joinpath("clear_refs").write_text("5")


def peak_megabytes() -> float:
    """The most that the process held at once since then."""
    return _megabytes("VmHWM:")


def held_megabytes() -> float:
    """What it holds now."""
    return _megabytes("VmRSS:")


def _megabytes(name: str) -> float:
    status = _PROCESS.joinpath("status").read_text()
    return int(status.partition(name)[2].split()[0]) / 1024
