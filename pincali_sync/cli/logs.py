"""Logging of the command line: to the console, and to a file below `PINCALI_HOME`."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler

from pincali_sync.config import load_config
from pincali_sync.exceptions import ConfigError

_FORMAT = "%(asctime)s %(levelname)s [%(name)s] %(message)s"
_FILE_BYTES = 10_000_000
_FILES_KEPT = 5
# Of the libraries only what is wrong. Some of them write down, from INFO on, the URLs that they
# send to, with the tokens in them.
_LIBRARIES = ("alembic", "apprise", "httpcore", "httpx", "requests", "urllib3")


def configure_logging() -> None:
    """Warnings go to the console; everything from `LOG_LEVEL` up goes to the file."""
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    logging.basicConfig(format=_FORMAT, handlers=[console], level=logging.WARNING)
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        config = load_config()
        folder = config.home / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(
            folder / "pincali-sync.log", maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT
        )
    except (ConfigError, OSError):
        return  # the command itself says what is wrong; a missing log file stops nobody
    file.setLevel(config.log_level)
    file.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.addHandler(file)
    root.setLevel(min(file.level, console.level))
