"""What is said of the account that a program runs in, of its `.env` and its variables."""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pincali_sync.config import env_file, misspelt
from pincali_sync.exceptions import ConfigError
from pincali_sync.files import private_folder, write_private
from pincali_sync.language import N_, _

logger = logging.getLogger(__name__)

_DAY_SECONDS = 24 * 60 * 60
_AS_ROOT = N_(
    "running as root: whatever breaks in through a page or a package owns this machine, and "
    "Chromium has no sandbox; docs/security.md sets up a user of its own"
)


def precautions() -> list[str]:
    """What should be put right, a line each."""
    lines = [_(_AS_ROOT)] if os.geteuid() == 0 else []
    file = env_file()
    if file is not None and _is_open(file):
        lines.append(
            _("every user of this machine can read %(file)s: chmod 600 %(file)s", file=file)
        )
    return lines + misspellings()


def misspellings() -> list[str]:
    """Variables that somebody set in vain, a line each."""
    return [
        _("%(name)s is no variable of this program: %(meant)s is", name=name, meant=meant)
        for name, meant in misspelt()
    ]


def warn_once_a_day(home: Path, lines: Sequence[str], *, subject: str = "precautions") -> None:
    """By a log line: what calls every minute, and mails its console, need not say it each time."""
    marker = home / "logs" / subject
    if not lines or _is_of_today(marker):
        return
    for line in lines:
        logger.warning("take care: %s", line)
    with suppress(ConfigError, OSError):
        private_folder(marker.parent)
        write_private(marker, "\n".join(lines))


def _is_open(file: Path) -> bool:
    with suppress(OSError):
        return bool(file.stat().st_mode & stat.S_IRWXO)
    return False


def _is_of_today(marker: Path) -> bool:
    with suppress(OSError):
        return time.time() - marker.stat().st_mtime < _DAY_SECONDS
    return False
