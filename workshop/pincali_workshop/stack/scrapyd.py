"""One Scrapyd node on this machine, in the background."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from pincali_sync.exceptions import RunnerError
from pincali_sync.files import UMASK, open_private, write_private
from pincali_sync.runner.credentials import Credentials, netrc_of, node_folder, read_netrc
from pincali_workshop.stack.ports import free_port, is_free
from pincali_workshop.stack.processes import comes_true, locked, processes_with, terminate_with

_USER = "pincali"
_START_SECONDS = 30
_STOP_SECONDS = 10
# By this variable the node and all that it starts are known, jobs that outlived it included.
_MARK = "PINCALI_SCRAPYD_FOLDER"

# Without an egg the node runs this installation's code: a project is known by its settings.
_PROJECT = "[settings]\npincali_sync = pincali_sync.settings\n"
# Scrapyd reads scrapy.cfg last: here, nobody's ~/.scrapyd.conf opens the node to a network.
_SCRAPY_CFG = """\
[scrapyd]
bind_address = 127.0.0.1
http_port = {port}
username = {username}
password = {password}
eggs_dir = {folder}/eggs
logs_dir = {folder}/logs
dbs_dir = {folder}/dbs
items_dir =
jobs_to_keep = 100
jobstorage = scrapyd.jobstorage.SqliteJobStorage
poll_interval = 0.5
max_proc = {max_proc}
"""


class ScrapydNode:
    """A node with a working folder of its own, known again by later processes.

    Nobody gets in without a password: where none is given, each start makes another one.

    Args:
        folder: where its configuration, jobs and logs live.
        port: 0: a free one, remembered.
        max_proc: jobs at once: a full scan takes five, the newest pages beside it four, details
            one.
        project: False: the node knows no project until one is deployed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        max_proc: int = 10,
        username: str = "",
        password: str = "",
        project: bool = True,
    ) -> None:
        self._folder = folder.absolute()
        self._port = port
        self._max_proc = max_proc
        self._auth = (username, password) if username else None
        self._project = project

    @property
    def url(self) -> str:
        """The node's root; right once it was started."""
        return f"http://127.0.0.1:{self._remembered_port()}"

    @property
    def credentials(self) -> Credentials | None:
        """What it wants to be told; None before it was started."""
        return self._auth or read_netrc(self._folder)

    @property
    def log(self) -> Path:
        """Where the node logs."""
        return self._folder / "scrapyd.log"

    def start(self, environment: Mapping[str, str]) -> bool:
        """Starts the node and waits until it answers; its jobs see these variables.

        Returns:
            False when it was running already, with the variables it was started with.

        Raises:
            RunnerError: when the port is somebody else's or the node does not come up.
        """
        with locked(self._folder / "lock"):
            if self.is_running():
                if self._status() != httpx.codes.OK:
                    return False
                self._stop()  # of an earlier version: it lets everybody in
            port = self._free_port()
            self._write_configuration(port)
            process = self._spawn(environment)
            write_private(self._pid_file, str(process.pid))
            self._wait_until_it_answers(process)
            return True

    def stop(self) -> bool:
        """Stops the node and every job it started; False when nothing was running."""
        if not self._folder.exists():
            return False
        with locked(self._folder / "lock"):
            return self._stop()

    def _stop(self) -> bool:
        pid = self.process()
        self._pid_file.unlink(missing_ok=True)
        netrc_of(self._folder).unlink(missing_ok=True)
        found = terminate_with(_MARK, str(self._folder), within=_STOP_SECONDS)
        if pid is not None:
            comes_true(lambda: _is_reaped(pid), within=_STOP_SECONDS)
        return found

    def is_running(self) -> bool:
        """Whether our node answers."""
        return self.process() is not None and self._status() is not None

    def _free_port(self) -> int:
        """The configured port; else the one it had, as open runs know it by that, or a new one."""
        if self._port and not is_free(self._port):
            raise RunnerError(
                f"port {self._port} is taken by another program: stop it, or set SCRAPYD_URLS to "
                "http://127.0.0.1:<another port>"
            )
        port = self._port or self._remembered_port()
        return port if port and is_free(port) else free_port()

    def _write_configuration(self, port: int) -> None:
        username, password = self._auth or self._make_credentials()
        write_private(
            self._folder / "scrapy.cfg",
            _SCRAPY_CFG.format(
                port=port,
                folder=_escaped(str(self._folder)),
                max_proc=self._max_proc,
                username=_escaped(username),
                password=_escaped(password),
            )
            + (_PROJECT if self._project else ""),
        )
        write_private(self._folder / "port", str(port))

    def _make_credentials(self) -> Credentials:
        """A new password: the last one may be known to whoever had the port meanwhile."""
        made = (_USER, secrets.token_urlsafe(24))
        hosts = ("127.0.0.1", "localhost")
        lines = [f"machine {host} login {made[0]} password {made[1]}\n" for host in hosts]
        write_private(netrc_of(self._folder), "".join(lines))
        return made

    def _spawn(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with open_private(self.log, "ab") as log:
            return subprocess.Popen(
                [str(Path(sys.executable).parent / "scrapyd"), "--pidfile="],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=UMASK,
                env={**os.environ, **environment, _MARK: str(self._folder)},
            )

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        comes_true(
            lambda: self._status() is not None or process.poll() is not None, within=_START_SECONDS
        )
        if process.poll() is not None or self._status() is None:
            self._stop()
            raise RunnerError(f"Scrapyd did not come up: see {self.log}")

    def _status(self) -> int | None:
        """What it answers to somebody without a password; None where it does not answer."""
        try:
            response = httpx.get(f"{self.url}/daemonstatus.json", timeout=5, trust_env=False)
        except httpx.HTTPError:
            return None
        is_it = response.status_code in {httpx.codes.OK, httpx.codes.UNAUTHORIZED}
        return response.status_code if is_it else None

    def _remembered_port(self) -> int:
        path = self._folder / "port"
        return int(path.read_text()) if path.exists() else self._port

    @property
    def _pid_file(self) -> Path:
        return self._folder / "scrapyd.pid"

    def process(self) -> int | None:
        """The node's process, if it is alive and still ours."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None
        return pid if pid in processes_with(_MARK, str(self._folder)) else None


def node_of(url: str, home: Path, *, username: str = "", password: str = "") -> ScrapydNode:
    """The local node that answers at a configured URL."""
    port = urlsplit(url).port or 6800
    return ScrapydNode(node_folder(home, url), port=port, username=username, password=password)


def _is_reaped(pid: int) -> bool:
    """Takes an ended child off the list of processes; somebody else's child is not ours to wait
    for."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _escaped(value: str) -> str:
    """A value as an INI file takes it, where % begins a reference."""
    return value.replace("%", "%%")
