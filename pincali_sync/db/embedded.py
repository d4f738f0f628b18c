"""The PostgreSQL of whoever configured none.

It belongs to the local stack, which a deployed egg does not carry: it is found by its entry point.
"""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pincali_sync.exceptions import DatabaseUnavailableError

_GROUP = "pincali_sync.embedded_postgresql"


def ensure_running(home: Path, *, durable: bool = True, make: bool = True) -> str:
    """Starts the server of this home if it is down, and returns its URL.

    Args:
        make: a server where the home has none.

    Raises:
        DatabaseUnavailableError: when there is none here, or it cannot be set up or started.
    """
    url: str = _server().ensure_running(home, durable=durable, make=make)
    return url


def data_folder(home: Path) -> Path:
    """Where the server of this home keeps its data.

    Raises:
        DatabaseUnavailableError: when there is no embedded server here.
    """
    folder: Path = _server().data_folder(home)
    return folder


def left_behind() -> list[Path]:
    """Folders of servers whose home was deleted: nobody uses them, and nothing deletes them."""
    found: list[Path] = _server().left_behind() if _is_here() else []
    return found


def destroy(home: Path) -> None:
    """Stops the server of this home and deletes its data."""
    _server().destroy(home)


def _is_here() -> bool:
    return bool(entry_points(group=_GROUP))


def _server() -> Any:
    for found in entry_points(group=_GROUP):
        return found.load()
    raise DatabaseUnavailableError(
        "no database is configured, and no embedded PostgreSQL is installed here: "
        "set DATABASE_URL, or run `make setup` in a checkout"
    )
