"""The log file that all commands of a machine write at once: cron's, people's and the dashboard."""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pincali_sync.files import open_private
from pincali_sync.visible import tell_once


class SharedLogFile(RotatingFileHandler):
    """A file of its owner's alone. Whoever finds it full moves it away; the others follow.

    A line is one write at the file's end, so none is lost or mixed with another's, also while the
    file is moved: by one of us, or by `logrotate`.
    """

    handleError = tell_once  # noqa: N815

    def shouldRollover(self, record: logging.LogRecord) -> bool | int:  # noqa: N802
        """Whether the file is full: the one that has the name now."""
        self._follow()
        return super().shouldRollover(record)

    def doRollover(self) -> None:  # noqa: N802
        """Moves the file away, unless somebody else just has."""
        assert self.stream is not None
        lock = os.dup(self.stream.fileno())  # held beyond the closing of the stream
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._follow():
                super().doRollover()
        finally:
            os.close(lock)

    def close(self) -> None:
        """Without what a full disk did not take."""
        with suppress(OSError):
            super().close()

    def _follow(self) -> bool:
        """Whether another file has the name, which is then written to."""
        if self.stream is not None and _is_at(self.stream, self.baseFilename):
            return False
        if self.stream is not None:
            with suppress(OSError):
                self.stream.close()
        self.stream = self._open()
        return True

    def _open(self) -> TextIOWrapper:
        file: TextIOWrapper = open_private(self.baseFilename, self.mode)
        return file


def _is_at(stream: TextIOWrapper, path: str) -> bool:
    try:
        found = Path(path).lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(found, os.fstat(stream.fileno()))
