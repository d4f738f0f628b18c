"""A program's time and peak memory, as nothing but the program took them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import NamedTuple

_KIB = 1024
# Linux counts to a program's peak what its process held before `exec`. Python starts programs by
# `vfork`, so that was the whole benchmark: a small process stands between.
_BETWEEN = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status and 1)
"""


class Took(NamedTuple):
    """What a program took, its start included."""

    seconds: float
    peak_mb: float


def run(command: Sequence[str], variables: Mapping[str, str]) -> Took:
    """Runs `python -m` with these arguments.

    Raises:
        RuntimeError: it failed; what it said of that stands on stderr.
    """
    started = perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", _BETWEEN, sys.executable, "-m", *command],
        env=dict(variables),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)} failed; see above")
    return Took(perf_counter() - started, int(ended.stdout) / _KIB)
