"""One Scrapyd node on this machine, in the background."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from pincali_sync.exceptions import RunnerError
from pincali_sync.loopback import free_port, is_free

_START_SECONDS = 30
_STOP_SECONDS = 10

# Without an egg the node runs this installation's code: a project is known by its settings.
_SCRAPY_CFG = "[settings]\npincali_sync = pincali_sync.settings\n"
_SCRAPYD_CONF = """\
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

    Args:
        folder: where its configuration, jobs and logs live.
        port: 0: a free one, remembered.
        project: False: the node knows no project until one is deployed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        max_proc: int = 4,
        username: str = "",
        password: str = "",
        project: bool = True,
    ) -> None:
        self._folder = folder
        self._port = port
        self._max_proc = max_proc
        self._auth = (username, password) if username else None
        self._project = project

    @property
    def url(self) -> str:
        """The node's root; right once it was started."""
        return f"http://127.0.0.1:{self._remembered_port()}"

    @property
    def log(self) -> Path:
        return self._folder / "scrapyd.log"

    def start(self, environment: Mapping[str, str]) -> None:
        """Starts the node and waits until it answers; its jobs see these variables.

        Raises:
            RunnerError: when the port is somebody else's or the node does not come up.
        """
        if self.is_running():
            return
        port = self._port or free_port()
        if not is_free(port):
            raise RunnerError(
                f"port {port} is taken by another program: stop it, or set SCRAPYD_URLS to "
                "http://127.0.0.1:<another port>"
            )
        self._write_configuration(port)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(Path(sys.executable).parent / "scrapyd"), "--pidfile="],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **environment},
            )
        self._pid_file.write_text(str(process.pid))
        self._wait_until_it_answers(process)

    def stop(self) -> bool:
        """Stops the node and the jobs it started; False when it was not running."""
        pid = self._pid()
        self._pid_file.unlink(missing_ok=True)
        if pid is None:
            return False
        # The node leads a process group that its jobs are in as well.
        _signal_group(pid, signal.SIGTERM)
        if not _comes_true(lambda: not _group_is_alive(pid), within=_STOP_SECONDS):
            _signal_group(pid, signal.SIGKILL)
        return True

    def is_running(self) -> bool:
        """Whether our node answers."""
        return self._pid() is not None and self._answers()

    def _write_configuration(self, port: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        username, password = self._auth or ("", "")
        configuration = self._folder / "scrapyd.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            _SCRAPYD_CONF.format(
                port=port,
                folder=self._folder,
                max_proc=self._max_proc,
                username=username,
                password=password,
            )
        )
        (self._folder / "scrapy.cfg").write_text(_SCRAPY_CFG if self._project else "")
        (self._folder / "port").write_text(str(port))

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        _comes_true(lambda: self._answers() or process.poll() is not None, within=_START_SECONDS)
        if process.poll() is not None or not self._answers():
            self.stop()
            raise RunnerError(f"Scrapyd did not come up: see {self.log}")

    def _answers(self) -> bool:
        try:
            response = httpx.get(
                f"{self.url}/daemonstatus.json", auth=self._auth, timeout=5, trust_env=False
            )
        except httpx.HTTPError:
            return False
        return response.status_code == httpx.codes.OK

    def _remembered_port(self) -> int:
        path = self._folder / "port"
        return int(path.read_text()) if path.exists() else self._port

    @property
    def _pid_file(self) -> Path:
        return self._folder / "scrapyd.pid"

    def _pid(self) -> int | None:
        """The node's process, if it is alive and leads its group as ours does."""
        if not self._pid_file.exists():
            return None
        pid = int(self._pid_file.read_text())
        try:
            return pid if os.getpgid(pid) == pid else None
        except ProcessLookupError:
            return None


def node_of(url: str, folder: Path, *, username: str = "", password: str = "") -> ScrapydNode:
    """The local node that answers at a configured URL."""
    port = urlsplit(url).port or 6800
    return ScrapydNode(folder / f"node-{port}", port=port, username=username, password=password)


def _comes_true(condition: Callable[[], bool], *, within: float) -> bool:
    """Looks again and again until the condition holds; False when the time is up."""
    looking = Retrying(
        stop=stop_after_delay(within),
        wait=wait_fixed(0.1),
        retry=retry_if_result(lambda holds: not holds),
        retry_error_callback=lambda _: False,
    )
    return bool(looking(condition))


def _signal_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return


def _group_is_alive(leader: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(leader, os.WNOHANG)  # reaps it where it is our own child
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True
