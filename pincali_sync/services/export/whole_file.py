"""A file that is written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO
from uuid import uuid4


class WholeFile:
    """Written beside its place, and put into it at the end of the block; what was there stays
    until then, or where the block fails.

    Raises:
        OSError: from the start, where there is no place for a file; and at the end.
    """

    def __init__(self, path: Path) -> None:
        self._place = path.resolve()  # through a link: the file changes, not the link
        self._temporary = self._place.with_name(f".{self._place.name}.{uuid4().hex[:8]}.tmp")
        self._stream: BinaryIO = self._temporary.open("xb")

    def __enter__(self) -> BinaryIO:
        return self._stream

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._stream.flush()
                os.fsync(self._stream.fileno())
                self._temporary.replace(self._place)
        finally:
            self._temporary.unlink(missing_ok=True)
            with suppress(OSError):  # a full disk does not take what is still buffered
                self._stream.close()
