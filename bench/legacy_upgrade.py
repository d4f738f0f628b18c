"""How long a legacy database of a million rows takes to upgrade, and how long it locks out others.

`python -m bench.legacy_upgrade [ROWS [partial]]`. A second connection looks every 20 ms which locks
on `properties_live` keep writers out. With `partial` the columns of the specification are there,
empty.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter

import psycopg
from pincali_workshop.stack import embedded

from pincali_sync.db import migrate
from tests.support.legacy import PARTIAL, create_legacy

_LOOK_SECONDS = 0.02
_LOCKS = """
SELECT 1 FROM pg_locks
 WHERE relation = 'properties_live'::regclass AND granted
   AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""


def main(rows: int = 1_000_000, *, is_partial: bool = False) -> int:
    """Prints the seconds of the upgrade and of the longest lock."""
    with tempfile.TemporaryDirectory(prefix="pincali-legacy-") as folder:
        home = Path(folder)
        try:
            url = embedded.ensure_running(home, durable=False)
            started = perf_counter()
            create_legacy(url, rows=rows)
            if is_partial:
                with psycopg.connect(url) as connection:
                    connection.execute(PARTIAL)
            print(f"filled with {rows:,} rows in {perf_counter() - started:.0f} s", flush=True)
            watch = LockWatch(url)
            watch.start()
            started = perf_counter()
            migrate.upgrade(url)
            seconds = perf_counter() - started
            watch.stop()
        finally:
            embedded.destroy(home)
    print(f"upgraded in {seconds:.0f} s; writers locked out for {watch.longest:.2f} s at most")
    return 0


class LockWatch(threading.Thread):
    """Measures the longest time for which writers of `properties_live` were locked out."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.longest = 0.0
        self._url = url
        self._done = threading.Event()

    def run(self) -> None:
        since: float | None = None
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._done.wait(_LOOK_SECONDS):
                held = connection.execute(_LOCKS).fetchone() is not None
                now = perf_counter()
                since = (since or now) if held else None
                self.longest = max(self.longest, now - since if since else 0.0)

    def stop(self) -> None:
        self._done.set()
        self.join()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2]), is_partial="partial" in sys.argv[2:]))
