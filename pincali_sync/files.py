"""Files and folders of ours: for their owner's eyes, and never reached by another user's link."""

from __future__ import annotations

import errno
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO
from uuid import uuid4

from pincali_sync.exceptions import ConfigError

UMASK = 0o077  # of every program of ours: pages, logs and exports hold people's names and phones
_MOST_LINKS = 40  # as many as Linux follows


def open_private(path: Path | str, mode: str) -> Any:
    """As `open`; but a new file is its owner's alone, and no link or file of others is taken."""
    return open(path, mode, encoding=None if "b" in mode else "utf-8", opener=_ours)


def write_private(path: Path, text: str) -> None:
    """Writes a file that is its owner's alone if it is new: whole, or it stays as it was. No link
    and no file of others is taken.

    Raises:
        OSError: likewise where there is no room for it.
    """
    with suppress(FileNotFoundError):
        os.close(_ours(str(path), os.O_WRONLY))
    with WholeFile(path) as file:
        file.write(text.encode())


def private_folder(folder: Path) -> Path:
    """Makes a folder, or shuts the others out of one that was open to everybody.

    Raises:
        ConfigError: when another user could put something into it.
    """
    found = _made(folder)
    if found.st_uid == os.geteuid() and found.st_mode & stat.S_IRWXO:
        folder.chmod(stat.S_IMODE(found.st_mode) & ~stat.S_IRWXO)
    return trusted_folder(folder)


def trusted_folder(folder: Path) -> Path:
    """Makes a folder, or takes one that nobody but its user (and root) can write into.

    Raises:
        ConfigError: when another user could put something into it.
    """
    found = _made(folder)
    if found.st_mode & stat.S_IWOTH or _is_anothers(found):
        raise _not_ours(folder)
    return folder


def _made(folder: Path) -> os.stat_result:
    try:
        trusted_target(folder)
    except PermissionError:
        raise _not_ours(folder) from None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.stat()


def _not_ours(folder: Path) -> ConfigError:
    return ConfigError(
        f"another user could put files into {folder}: "
        "give it to the user that runs this, or choose another PINCALI_HOME"
    )


def trusted_target(path: Path) -> Path:
    """Where a path leads, by way of links that are ours or root's.

    Raises:
        OSError: for another user's link, who could have it lead to any file of ours.
    """
    place, ahead, links = Path("/"), list(path.absolute().parts[1:]), 0
    while ahead:
        step = ahead.pop(0)
        place = place.parent if step == ".." else place / step
        if not place.is_symlink():
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        if _is_anothers(place.lstat()):
            raise PermissionError(errno.EPERM, f"{place} is another user's link")
        target = place.readlink()
        ahead[:0] = target.parts[1:] if target.is_absolute() else target.parts
        place = Path("/") if target.is_absolute() else place.parent
    return place


class WholeFile:
    """Written beside its place, and put into it at the end of the block; what was there stays
    until then, or where the block fails. Its mode and group stay, too; a new file is for its owner
    alone, as it holds people's names and phones.

    Raises:
        OSError: from the start, where there is no place for a file; and at the end.
    """

    def __init__(self, path: Path) -> None:
        self._place = trusted_target(path)  # through a link of ours: the file changes, not the link
        self._temporary = self._place.with_name(f".{self._place.name}.{uuid4().hex[:8]}.tmp")
        self._stream: BinaryIO = open_private(self._temporary, "xb")
        with suppress(FileNotFoundError):
            _take_after(self._stream.fileno(), self._place.stat())

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


def stranger_of(file: Path) -> str | None:
    """The name of another user whose file this is; None where it may be obeyed.

    Root obeys a user's file in that user's own folder, such as a service's checkout; but none that
    somebody put elsewhere, as they can into `/tmp`.
    """
    try:
        found = file.lstat()
    except OSError:
        return None
    is_at_home = found.st_uid == file.absolute().parent.stat().st_uid
    if not _is_anothers(found) or (os.geteuid() == 0 and is_at_home):
        return None
    try:
        return pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        return str(found.st_uid)


def _take_after(file: int, found: os.stat_result) -> None:
    """Lets those read a file who could read the one that it replaces, if that was ours."""
    if found.st_uid != os.geteuid():
        return
    with suppress(PermissionError):
        os.fchown(file, -1, found.st_gid)
    is_of_group = os.fstat(file).st_gid == found.st_gid
    os.fchmod(file, stat.S_IMODE(found.st_mode) & (0o777 if is_of_group else 0o707))


def _ours(path: str, flags: int) -> int:
    # A pipe of theirs would keep us waiting for whoever reads it.
    file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    if _is_anothers(os.fstat(file)):
        os.close(file)
        raise PermissionError(errno.EPERM, "this is another user's file", path)
    return file


def _is_anothers(found: os.stat_result) -> bool:
    return found.st_uid not in {0, os.geteuid()}
