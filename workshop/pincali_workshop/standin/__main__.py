"""`python -m pincali_workshop.standin`: `pincali-sync standin` in a process that loads only it."""

from __future__ import annotations

import sys

import typer

from pincali_sync.exceptions import ExitStatus, UsageError
from pincali_workshop.standin_command import standin

if __name__ == "__main__":
    try:
        typer.run(standin)
    except UsageError as error:
        print(error, file=sys.stderr)
        sys.exit(ExitStatus.USAGE)
