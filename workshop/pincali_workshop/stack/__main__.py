"""`python -m pincali_workshop.stack up|down|status|reader`; `make up` and `make down` call it."""

from __future__ import annotations

import os
import sys

from pincali_sync.config import load_config
from pincali_sync.exceptions import ExitStatus, PincaliSyncError, UsageError
from pincali_sync.files import UMASK
from pincali_workshop.stack.up import down, reader, status, up

_ACTIONS = {"up": up, "down": down, "status": status, "reader": reader}


def main(arguments: list[str]) -> int:
    """Does what is asked and prints where things are."""
    os.umask(UMASK)
    try:
        if len(arguments) != 1 or arguments[0] not in _ACTIONS:
            raise UsageError(f"one of {', '.join(_ACTIONS)} is wanted")
        for line in _ACTIONS[arguments[0]](load_config()):
            print(line)
    except PincaliSyncError as error:
        print(f"stack: {error}", file=sys.stderr)
        return error.exit_status
    return ExitStatus.DONE


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
