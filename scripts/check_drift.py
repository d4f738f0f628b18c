"""Upgrades an empty database and fails when it is not what the models say."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pincali_sync.db import embedded, migrate


def main() -> int:
    """Prints each difference; 1 when there are any."""
    with tempfile.TemporaryDirectory(prefix="pincali-drift-") as folder:
        home = Path(folder)
        try:
            url = embedded.ensure_running(home, durable=False)
            migrate.upgrade(url)
            found = migrate.differences(url)
        finally:
            embedded.destroy(home)
    for difference in found:
        print(f"models and migrations differ: {difference}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
