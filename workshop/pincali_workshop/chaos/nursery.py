"""Has everything imported, and forks: a runner or a spider is there in a moment, not in seconds.

What is forked is a process like any other, in a session of its own. It has no parent that would
miss it, and its command line is the nursery's: who it is, its job's pid file says.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import scrapy.cmdline

from pincali_sync import extensions, handlers, middlewares, pipelines, spiders
from pincali_sync.cli import tier_runner
from pincali_sync.config import Config
from pincali_sync.files import write_private
from pincali_sync.runner.local import LocalJobRunner, crawl_arguments
from pincali_sync.services.ports import JobRunner, JobSpec
from pincali_workshop.stack.processes import comes_true

_SOCKET = "nursery"
_START_SECONDS = 120
_ORDER_BYTES = 65_536
_LOADED_BEFORE = (spiders, pipelines, middlewares, extensions, handlers)
RUNNER = "tier_runner"


class Nursery:
    """The nursery of a home, started with what all its children see.

    Its folder must be short: a socket's path is.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str]) -> None:
        """Returns once it takes orders."""
        settings = {"SCRAPY_SETTINGS_MODULE": "pincali_sync.settings"}
        with (self._home / "nursery.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pincali_workshop.chaos.nursery", str(self._home)],
                cwd=self._home,
                env={**os.environ, **environment, **settings},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        comes_true((self._home / _SOCKET).exists, within=_START_SECONDS)

    @property
    def process(self) -> int | None:
        """Its process id."""
        return self._process.pid if self._process else None

    def stop(self) -> None:
        """Ends it; its children go on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def order(home: Path, program: str, arguments: Sequence[str], log: Path) -> int:
    """Has a child forked that runs a program; returns its process id."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(home / _SOCKET))
        connection.sendall(json.dumps([program, list(arguments), str(log)]).encode())
        connection.shutdown(socket.SHUT_WR)
        return int(connection.recv(_ORDER_BYTES))


class NurseryRunner(LocalJobRunner):
    """Has spiders forked by the nursery."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._home = config.home

    def _spawn(self, spec: JobSpec) -> None:
        pid = order(self._home, "scrapy", crawl_arguments(spec), self.log_of(spec.job_id))
        write_private(self._path(spec.job_id, "pid"), str(pid))


def main() -> None:
    """Takes orders until it is killed."""
    home = Path(sys.argv[1])
    for package in _LOADED_BEFORE:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    assert "twisted.internet.reactor" not in sys.modules, "each child needs a reactor of its own"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children that end are not waited for
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(home / f"{_SOCKET}.new"))
        door.listen()
        (home / f"{_SOCKET}.new").rename(home / _SOCKET)
        while True:
            connection, _ = door.accept()
            # Who gives an order may be killed in the middle of it.
            with connection, suppress(OSError, ValueError):
                program, arguments, log = json.loads(_read(connection))
                pid = os.fork()
                if not pid:
                    door.close()
                    connection.close()
                    _live(program, arguments, log)
                connection.sendall(str(pid).encode())


def _read(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(_ORDER_BYTES), b""))


def _live(program: str, arguments: Sequence[str], log: str) -> NoReturn:
    """A child's life."""
    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for standard in (1, 2):
            os.dup2(output, standard)
        sys.argv = [program, *arguments]
        status = _run(program)
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:  # noqa: BLE001  # it must not live on as a second nursery
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run(program: str) -> int:
    if program == RUNNER:
        if os.environ["SCRAPYD_URLS"] == "local":
            tier_runner.build_runner = _build_runner  # type: ignore[attr-defined]
        return tier_runner.main()
    scrapy.cmdline.execute()
    return 0


def _build_runner(config: Config) -> JobRunner:
    return NurseryRunner(config)


if __name__ == "__main__":
    main()
