"""Files and folders of ours: for their owner's eyes, and never reached by another user's link."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

from pincali_sync.exceptions import ConfigError

UMASK = 0o077  # of every program of ours: pages, logs and exports hold people's names and phones
_MOST_LINKS = 40  # as many as Linux follows


def open_private(path: Path | str, mode: str) -> Any:
    """As `open`; but a new file is its owner's alone, and no link or file of others is taken."""
    return open(path, mode, encoding=None if "b" in mode else "utf-8", opener=_ours)


def write_private(path: Path, text: str) -> None:
    """Writes a file that is its owner's alone if it is new."""
    with open_private(path, "w") as file:
        file.write(text)


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


def is_planted(file: Path) -> bool:
    """Whether somebody put a file into a folder that is not theirs, as they can into `/tmp`."""
    try:
        owner = file.lstat()
    except OSError:
        return False
    return _is_anothers(owner) and owner.st_uid != file.absolute().parent.stat().st_uid


def _ours(path: str, flags: int) -> int:
    # A pipe of theirs would keep us waiting for whoever reads it.
    file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    if _is_anothers(os.fstat(file)):
        os.close(file)
        raise PermissionError(errno.EPERM, "this is another user's file", path)
    return file


def _is_anothers(found: os.stat_result) -> bool:
    return found.st_uid not in {0, os.geteuid()}
