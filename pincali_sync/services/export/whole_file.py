"""A file that is written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from pincali_sync.exceptions import UsageError


class WholeFile:
    """Written beside its place, and put into it at the end; what was there stays until then."""

    def __init__(self, path: Path, temporary: Path, stream: BinaryIO) -> None:
        self.stream = stream
        self._path = path
        self._temporary = temporary

    @classmethod
    def beside(cls, path: Path) -> WholeFile:
        """Opens the temporary file.

        Raises:
            UsageError: when the path is no place for a file, or its folder cannot be written to.
        """
        place = path.resolve()  # through a link: the file changes, not the link
        temporary = place.with_name(f".{place.name}.{uuid4().hex[:8]}.tmp")
        try:
            if path.exists() and not path.is_file():
                raise UsageError(f"{path} is not a file that could be replaced")
            stream = temporary.open("xb")
        except OSError as error:
            raise UsageError(
                f"cannot write into the folder {path.parent}: {error.strerror}"
            ) from error
        return cls(place, temporary, stream)

    def keep(self) -> int:
        """Puts the file into its place, safe on the disk; returns its size in bytes."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        size = self.stream.tell()
        self.stream.close()
        self._temporary.replace(self._path)
        return size

    def discard(self) -> None:
        """Leaves nothing behind."""
        self._temporary.unlink(missing_ok=True)
        with suppress(OSError):  # a full disk does not take what is still buffered
            self.stream.close()
