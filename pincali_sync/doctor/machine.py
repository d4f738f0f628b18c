"""This machine: the account, room on disks, the browser, and files that are read."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from pathlib import Path

from pincali_sync.browser.chromium import launched_version
from pincali_sync.config import env_file
from pincali_sync.cookies import read_cookies
from pincali_sync.db import embedded
from pincali_sync.doctor.check import FIX, Finding, Patient, bad, ok, warn
from pincali_sync.doctor.precautions import precautions
from pincali_sync.files import private_folder

_GB = 1_000_000_000
_EXPIRING_DAYS = 3
_HOME_NEED = _GB  # logs, reports and Scrapyd's folders


async def account(_: Patient) -> list[Finding]:
    """Whose account this is, and who may read its secrets."""
    found = [
        warn(line, FIX if ".env" in line else "docs/security.md, A user of its own")
        for line in precautions()
    ]
    return found or [ok("no root, and nobody else reads .env")]


async def mend_account(_: Patient) -> str:
    """Shuts others out of `.env`."""
    file = env_file()
    if file is None or not file.exists() or not file.stat().st_mode & stat.S_IRWXO:
        return ""
    file.chmod(stat.S_IMODE(file.stat().st_mode) & ~stat.S_IRWXO)
    return f"others can no longer read {file}"


async def home(patient: Patient) -> Finding:
    """Whether PINCALI_HOME can be written, and has room."""
    folder = patient.config.home
    private_folder(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        return bad(f"{folder} cannot be written", "chown it to this user, or correct PINCALI_HOME")
    return _room(folder, _HOME_NEED)


async def old_servers(_: Patient) -> Finding:
    """Whether embedded servers of deleted checkouts left their data behind."""
    found = await asyncio.to_thread(embedded.left_behind)
    if not found:
        return ok("no embedded server outlived its checkout")
    size = await asyncio.to_thread(_size, found)
    return warn(
        f"data of embedded servers whose checkout was deleted, {size / _GB:.1f} GB: "
        f"{', '.join(map(str, found))}",
        f"if nobody wants them: stop what still runs there, then rm -r {found[0]}"
        + (" and the others" if found[1:] else ""),
    )


def _size(folders: list[Path]) -> int:
    files = (path for folder in folders for path in folder.rglob("*") if not path.is_symlink())
    return sum(path.stat().st_size for path in files if path.is_file())


async def database_disk(patient: Patient) -> Finding:
    """Whether the database has room, where its folder is on this machine."""
    facts = await patient.ask(lambda tx: tx.server.facts())
    is_ours = patient.config.database_url is None
    folder = Path(facts.folder) if facts.folder else None
    if folder is None and is_ours:
        folder = embedded.data_folder(patient.config.home)
    if folder is None or not folder.exists():
        return ok("not to be seen from here: have its own machine watched")
    # To build an index, or to write a table anew, takes as much again.
    return _room(folder, max(_GB, facts.bytes // 4))


def _room(folder: Path, need: int) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{folder}: {free / _GB:.1f} GB free"
    remedy = f"make room: {need / _GB:.1f} GB are wanted; old logs and reports, or KEEP_…_DAYS"
    if free < need // 5:
        return bad(said, remedy)
    return warn(said, remedy) if free < need else ok(said)


async def browser(patient: Patient) -> Finding:
    """Whether the browser of detail pages starts."""
    if patient.config.detail_transport == "http":
        return ok("not needed: DETAIL_TRANSPORT=http")
    version = await launched_version(patient.config)
    if os.geteuid() == 0:
        return warn(f"Chromium {version} starts, without its sandbox", "run as a plain user")
    return ok(f"Chromium {version} starts, in its sandbox")


async def cookies(patient: Patient) -> Finding:
    """Whether COOKIES_FILE can be read, by us alone, and lives."""
    path = patient.config.cookies_file
    if path is None:
        return ok("none are sent")
    own = read_cookies(patient.config)
    if path.stat().st_mode & (stat.S_IRWXO | stat.S_IRWXG):
        return warn(f"others of this machine can read {path}", f"chmod 600 {path}, or {FIX}")
    if not own:
        return warn(
            f"{path} holds none that the site may be sent",
            "export them anew: what it holds has expired, or is another site's",
        )
    days = min(each.days_left for each in own)
    if days < _EXPIRING_DAYS:
        return warn(
            f"cookies sent: {len(own)}; the first ends in {days:.1f} days", "export them anew"
        )
    return ok(f"cookies sent: {len(own)}")


async def mend_cookies(patient: Patient) -> str:
    """Shuts others out of the file."""
    path = patient.config.cookies_file
    if path is None or not path.stat().st_mode & (stat.S_IRWXO | stat.S_IRWXG):
        return ""
    path.chmod(stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXU)
    return f"others can no longer read {path}"
