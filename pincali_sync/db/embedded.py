"""The PostgreSQL of whoever configured none.

It belongs to the local stack, which a deployed egg does not carry: it is found by its entry point.
"""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pincali_sync.exceptions import DatabaseUnavailableError


def ensure_running(home: Path, *, durable: bool = True) -> str:
    """Starts the server of this home if it is down, and returns its URL.

    Raises:
        DatabaseUnavailableError: when there is none here, or it cannot be set up or started.
    """
    url: str = _server().ensure_running(home, durable=durable)
    return url


def destroy(home: Path) -> None:
    """Stops the server of this home and deletes its data."""
    _server().destroy(home)


def _server() -> Any:
    for found in entry_points(group="pincali_sync.embedded_postgresql"):
        return found.load()
    raise DatabaseUnavailableError(
        "no database is configured, and no embedded PostgreSQL is installed here: "
        "set DATABASE_URL, or run `make setup` in a checkout"
    )
