"""A PostgreSQL of our own, for whoever has none: started when needed, stopped on request.

Only the binaries of the wheel are used. Its own helper stops the server when the last Python
process that asked for it exits; ours goes on, as the jobs do.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg

from pincali_sync.exceptions import DatabaseUnavailableError
from pincali_sync.files import open_private, trusted_folder, write_private
from pincali_workshop.stack import embedded_place, embedded_process, embedded_roles
from pincali_workshop.stack.embedded_access import ServerAccess
from pincali_workshop.stack.embedded_place import ServerPlace, place_for
from pincali_workshop.stack.ports import free_port, is_free

left_behind = embedded_place.left_behind

_START_SECONDS = 60
_LOGIN_SECONDS = 5
_PATIENCE_SECONDS = 60.0  # with a server that lives and lets nobody in
_MOMENT = 0.1
_SETTINGS = (
    "unix_socket_directories=",
    "shared_buffers=64MB",
    "max_connections=200",  # a node's ten jobs may have eight each
    "timezone=UTC",
    "jit=off",
)
_NONE_HERE = (
    "DATABASE_URL is not set (in the environment, or in .env of {folder}), and {home} has no "
    "database of its own: go to the folder of the installation, or let `make up` make one there"
)
_ROOMY_SHARE = 3  # of this machine's memory, one part: tables of the real site's size stay in it
# For tests: a crash of the machine may lose everything, and nothing else gets slower.
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def ensure_running(
    home: Path, *, durable: bool = True, settings: Sequence[str] = (), make: bool = True
) -> str:
    """Starts the server of this home if it is down, and returns its URL.

    The server outlives the process that started it. Servers of other homes are not touched.

    Args:
        settings: of the server, such as "work_mem=8MB"; they overrule its own.
        make: a server where the home has none.

    Raises:
        DatabaseUnavailableError: when it cannot be set up or started; names the log file. So it is
            when there is a database whose passwords the home has lost, or none to be started.
    """
    place = place_for(home)
    if not make and not ServerAccess.path(home).exists():
        _refuse_to_replace(home, place)
        raise DatabaseUnavailableError(_NONE_HERE.format(folder=Path.cwd(), home=home))
    with _locked(home):
        access = ServerAccess.load(home)
        if access is None:
            _refuse_to_replace(home, place)
            # What takes seconds and goes on afterwards is not done in silence.
            print(f"No DATABASE_URL: making a PostgreSQL in {place.data} ...", file=sys.stderr)
            access = _initialise(home, place)
        if not access.administrator_password:
            access = _prepare_to_mend(home, place, access)
        access = _where_it_listens(home, place, access)
        if not _is_up(place, access):
            print(f"Starting the PostgreSQL in {place.data} ...", file=sys.stderr)
            access = _start(home, place, access, durable=durable, more=settings)
        return access.url()


def roomy() -> str:
    """A setting for a database of the real site's size."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return f"shared_buffers={pages * size // _ROOMY_SHARE // 2**20}MB"


def administrator_url(home: Path, database: str = "postgres") -> str:
    """As whom everything may be done in a home's server: for tests, and for whoever gives roles.

    Raises:
        DatabaseUnavailableError: when the home has no server.
    """
    return _loaded(home).administrator_url(database)


def reader_url(home: Path) -> str:
    """The URL of a role that only reads, for dashboards and analysts; each time a new password.

    Raises:
        DatabaseUnavailableError: when the home has no server.
    """
    password = secrets.token_urlsafe(24)
    embedded_roles.make_reader(administrator_url(home, embedded_roles.DATABASE), password)
    return _loaded(home).url_of(embedded_roles.READER, password)


def running_url(home: Path) -> str | None:
    """The URL of the home's server; None when it is down."""
    access, port = ServerAccess.load(home), embedded_process.living_port(place_for(home))
    return replace(access, port=port).url() if access is not None and port else None


def server_process(home: Path) -> int:
    """The id of the server's main process; 0 when there is none."""
    return embedded_process.pid_file(place_for(home))[0]


def stop(home: Path) -> bool:
    """Stops the server; False when it was not running."""
    with _locked(home):
        is_up = running_url(home) is not None
        if is_up:
            _stop(place_for(home))
        return is_up


def data_folder(home: Path) -> Path:
    """Where the cluster of this home is, or would be."""
    return place_for(home).data


def destroy(home: Path) -> None:
    """Stops the server and deletes its data."""
    stop(home)
    shutil.rmtree(place_for(home).folder, ignore_errors=True)
    ServerAccess.path(home).unlink(missing_ok=True)


def _loaded(home: Path) -> ServerAccess:
    access = ServerAccess.load(home)
    if access is None:
        raise DatabaseUnavailableError(f"there is no embedded PostgreSQL in {home}: `make up`")
    return access


def _prepare_to_mend(home: Path, place: ServerPlace, access: ServerAccess) -> ServerAccess:
    """Has a server of an earlier version start anew: only then nobody is logged in."""
    if embedded_process.living_port(place):
        _stop(place)
    access = replace(access, administrator_password=secrets.token_urlsafe(24))
    access.save(home)
    return access


def _refuse_to_replace(home: Path, place: ServerPlace) -> None:
    """Whoever lost the home, or restores it, keeps the database."""
    if place.data.exists() and not place.half_made.exists():
        raise DatabaseUnavailableError(
            f"there is a database in {place.data}, but {ServerAccess.path(home)}, which has its "
            f"passwords, is not there or not whole: put it back, or move {place.folder} away "
            "to begin anew"
        )


def _initialise(home: Path, place: ServerPlace) -> ServerAccess:
    """Creates an empty cluster; one left half made by a crash is made anew."""
    place.prepare()
    access = ServerAccess(free_port(), secrets.token_urlsafe(24), secrets.token_urlsafe(24))
    shutil.rmtree(place.data, ignore_errors=True)
    place.half_made.unlink(missing_ok=True)  # the server's user has it
    write_private(place.half_made, access.administrator_password)
    place.data.mkdir(mode=0o700)
    place.give_to_server(place.data, place.half_made)
    _run(
        place,
        "initdb",
        *("-D", str(place.data), "-U", embedded_roles.ADMINISTRATOR),
        *("--pwfile", str(place.half_made)),
        *("--auth", "scram-sha-256", "--encoding", "UTF8"),
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-sync"),
    )
    access.save(home)
    return access


def _start(
    home: Path, place: ServerPlace, access: ServerAccess, *, durable: bool, more: Sequence[str]
) -> ServerAccess:
    place.prepare()
    place.half_made.unlink(missing_ok=True)
    embedded_process.wait_for_the_dead(place)
    if not is_free(access.port):
        access = replace(access, port=free_port())
    settings = (*_SETTINGS, *(() if durable else _NOT_DURABLE), *more)
    options = ["-h 127.0.0.1", f"-p {access.port}", *(f"-c {setting}" for setting in settings)]
    _run(
        place,
        "pg_ctl",
        *("-D", str(place.data), "-l", str(place.log), "-o", " ".join(options)),
        *("-w", "-t", str(_START_SECONDS), "start"),
    )
    access.save(home)
    _settle(access)
    return access


def _settle(access: ServerAccess) -> None:
    embedded_roles.settle(
        access.administrator_url(),
        access.url(),
        administrator_password=access.administrator_password,
        password=access.password,
    )


def _stop(place: ServerPlace) -> None:
    _run(place, "pg_ctl", "-D", str(place.data), "-m", "fast", "-w", "stop")


def _run(place: ServerPlace, program: str, *arguments: str) -> None:
    # Output to a file, not a pipe: the server inherits it and would hold a pipe open.
    place.setup_log.unlink(missing_ok=True)
    with open_private(place.setup_log, "xb") as output:
        result = subprocess.run(
            [str(place.binaries() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the terminal is not meant for the server
            cwd="/",
            env={"LC_ALL": "C", "PATH": os.defpath},
            check=False,
            **place.subprocess_user(),
        )
    if result.returncode:
        said = place.setup_log.read_text(errors="replace").strip().splitlines()
        raise DatabaseUnavailableError(
            f"the embedded PostgreSQL could not be set up ({program}: {said[-1] if said else '?'})."
            f" See {place.log} and {place.setup_log}, or set DATABASE_URL to a server of yours."
        )


def _where_it_listens(home: Path, place: ServerPlace, access: ServerAccess) -> ServerAccess:
    """With the port of the server that lives, whatever was remembered before a crash."""
    port = embedded_process.living_port(place)
    if port not in {None, access.port}:
        access = replace(access, port=port)
        access.save(home)
    return access


def _is_up(place: ServerPlace, access: ServerAccess) -> bool:
    """Whether the server lives and lets us in. One that lives and does not is waited for: it
    recovers, dies, or has no connection left.

    Raises:
        DatabaseUnavailableError: when it goes on refusing, in its own words.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while embedded_process.living_port(place):
        refusal = _refusal(access)
        if refusal is None:
            return True
        if time.monotonic() > deadline:
            raise DatabaseUnavailableError(
                f"the PostgreSQL in {place.data} runs, and lets nobody in: {refusal}. "
                f"See {place.log}; `make down` stops it."
            )
        with suppress(psycopg.Error):  # it may have been killed before it had our role
            _settle(access)
        time.sleep(_MOMENT)
    return False


def _refusal(access: ServerAccess) -> str | None:
    try:
        psycopg.connect(access.url(), connect_timeout=_LOGIN_SECONDS).close()
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[-1]
    return None


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One process at a time sets up, starts or stops the server of a home."""
    trusted_folder(home)
    with open_private(home / "postgres.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
