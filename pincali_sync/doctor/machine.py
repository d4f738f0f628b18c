"""This machine: the account, room on disks, the browser, and files that are read."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from pathlib import Path

from pincali_sync.agreed_headers import agreed_headers
from pincali_sync.browser.chromium import launched_version
from pincali_sync.config import env_file
from pincali_sync.cookies import read_cookies
from pincali_sync.db import embedded
from pincali_sync.doctor.check import FIX, Finding, Patient, bad, ok, warn
from pincali_sync.doctor.precautions import precautions
from pincali_sync.files import private_folder
from pincali_sync.language import _, ngettext

_GB = 1_000_000_000
_EXPIRING_DAYS = 3
_HOME_NEED = _GB  # logs, reports and Scrapyd's folders


async def account(__: Patient) -> list[Finding]:
    """Whose account this is, and who may read its secrets."""
    found = [
        warn(line, FIX if ".env" in line else _("docs/security.md, A user of its own"))
        for line in precautions()
    ]
    return found or [ok(_("no root, and nobody else reads .env"))]


async def mend_account(__: Patient) -> str:
    """Shuts others out of `.env`."""
    file = env_file()
    if file is None or not file.exists() or not file.stat().st_mode & stat.S_IRWXO:
        return ""
    file.chmod(stat.S_IMODE(file.stat().st_mode) & ~stat.S_IRWXO)
    return _("others can no longer read %(file)s", file=file)


async def home(patient: Patient) -> Finding:
    """Whether PINCALI_HOME can be written, and has room."""
    folder = patient.config.home
    private_folder(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        remedy = _("`chown` it to this user, or correct PINCALI_HOME")
        return bad(_("%(folder)s cannot be written", folder=folder), remedy)
    return _room(folder, _HOME_NEED)


async def old_servers(__: Patient) -> Finding:
    """Whether embedded servers of deleted checkouts left their data behind."""
    found = await asyncio.to_thread(embedded.left_behind)
    if not found:
        return ok(_("no embedded server outlived its checkout"))
    size = await asyncio.to_thread(_size, found)
    what = _(
        "data of embedded servers whose checkout was deleted, %(size)s GB: %(folders)s",
        size=round(size / _GB, 1),
        folders=", ".join(map(str, found)),
    )
    remedy = ngettext(
        "if nobody wants them: stop what still runs there, then `rm -r` %(folder)s",
        "if nobody wants them: stop what still runs there, then `rm -r` %(folder)s and the others",
        len(found),
        folder=found[0],
    )
    return warn(what, remedy)


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
        return ok(_("not to be seen from here: have its own machine watched"))
    # To build an index, or to write a table anew, takes as much again.
    return _room(folder, max(_GB, facts.bytes // 4))


def _room(folder: Path, need: int) -> Finding:
    free = shutil.disk_usage(folder).free
    said = _("%(folder)s: %(size)s GB free", folder=folder, size=round(free / _GB, 1))
    remedy = _(
        "make room: %(size)s GB are wanted; old logs and reports, or KEEP_…_DAYS",
        size=round(need / _GB, 1),
    )
    if free < need // 5:
        return bad(said, remedy)
    return warn(said, remedy) if free < need else ok(said)


async def browser(patient: Patient) -> Finding:
    """Whether the browser of detail pages starts."""
    if patient.config.detail_transport == "http":
        return ok(_("not needed: DETAIL_TRANSPORT=http"))
    version, is_sandboxed = await launched_version(patient.config)
    if not is_sandboxed:
        what = _("Chromium %(version)s starts, without its sandbox", version=version)
        if os.geteuid() == 0:
            return warn(what, _("run as a plain user"))
        return warn(what, _("let users have namespaces: docs/security.md says how"))
    return ok(_("Chromium %(version)s starts, in its sandbox", version=version))


async def cookies(patient: Patient) -> Finding:
    """Whether COOKIES_FILE can be read, by us alone, and lives."""
    path = patient.config.cookies_file
    if path is None:
        return ok(_("none are sent"))
    own = read_cookies(patient.config)
    if _is_open(path):
        what = _("others of this machine can read %(file)s", file=path)
        remedy = _("`chmod 600` %(file)s, or `pincali-sync doctor --fix`", file=path)
        return warn(what, remedy)
    if not own:
        return warn(
            _("%(file)s holds none that the site may be sent", file=path),
            _("export them anew: what it holds has expired, or is another site's"),
        )
    days = min(each.days_left for each in own)
    if days < _EXPIRING_DAYS:
        what = _(
            "cookies sent: %(number)s; the first ends in %(days)s days",
            number=len(own),
            days=round(days, 1),
        )
        return warn(what, _("export them anew"))
    return ok(_("cookies sent: %(number)s", number=len(own)))


async def headers(patient: Patient) -> Finding:
    """Whether EXTRA_HEADERS_FILE can be read, by us alone."""
    config = patient.config
    path = config.extra_headers_file
    if path is None:
        return ok(_("none are sent"))
    agreed = agreed_headers(config, config.pincali_base_url)
    if _is_open(path):
        what = _("others of this machine can read %(file)s", file=path)
        return warn(what, _("`chmod 600` %(file)s, or `pincali-sync doctor --fix`", file=path))
    if not agreed:
        what = _("%(file)s holds none that the site may be sent", file=path)
        return warn(what, _("over plain http they would be read on the way"))
    return ok(_("headers agreed with the site: %(names)s", names=", ".join(agreed)))


async def mend_cookies(patient: Patient) -> str:
    """Shuts others out of the file."""
    return _shut(patient.config.cookies_file)


async def mend_headers(patient: Patient) -> str:
    """Shuts others out of the file."""
    return _shut(patient.config.extra_headers_file)


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXO | stat.S_IRWXG))


def _shut(path: Path | None) -> str:
    if path is None or not _is_open(path):
        return ""
    path.chmod(stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXU)
    return _("others can no longer read %(file)s", file=path)
