"""Prints which Chromium was found: what the set-up asks to know whether it has work to do."""

from __future__ import annotations

import sys

from pincali_sync.browser.chromium import find_chromium
from pincali_sync.config import load_config
from pincali_sync.exceptions import PincaliSyncError


def main() -> int:
    """The exit status says whether there is one."""
    try:
        found = find_chromium(load_config())
    except PincaliSyncError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    print(found or "Playwright's own Chromium")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
