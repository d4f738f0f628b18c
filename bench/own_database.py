"""A database server for one benchmark."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pincali_workshop.stack import embedded

from pincali_sync.db import migrate


@contextmanager
def own_database(*, durable: bool = True) -> Iterator[tuple[Path, str]]:
    """The home of an embedded server with an empty database, and its URL; deleted afterwards.

    It has the memory that `docs/scaling.md` asks for.
    """
    with tempfile.TemporaryDirectory(prefix="pincali-bench-") as folder:
        home = Path(folder)
        try:
            url = embedded.ensure_running(home, durable=durable, settings=(embedded.roomy(),))
            migrate.upgrade(url)
            yield home, url
        finally:
            embedded.destroy(home)
