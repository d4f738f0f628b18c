"""A real PgBouncer in front of a database, which lends its connections for a transaction each."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from pincali_workshop.stack.ports import free_port, is_free
from pincali_workshop.stack.processes import comes_true

CONNECTIONS = 10  # to the server, for all clients together
_START_SECONDS = 10
_USER = "nobody"  # it refuses to run as root
_CONFIGURATION = """\
[databases]
{database} = host=127.0.0.1 port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
admin_users = {user}
pool_mode = transaction
default_pool_size = {connections}
max_db_connections = {connections}
max_client_conn = 200
"""


class Pooler:
    """Between its start and its end, `url` leads to the database by way of the pooler."""

    def __init__(self, database_url: str) -> None:
        self._server = urlsplit(database_url)
        self._port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="pincali-pooler-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.url = self._server._replace(netloc=self._netloc()).geturl()

    def start(self) -> None:
        """Returns when it takes connections."""
        configuration = self._write_configuration()
        as_whom = ["-u", _USER] if os.geteuid() == 0 else []
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program(), *as_whom, str(configuration)], stderr=log, start_new_session=True
            )
        assert comes_true(lambda: not is_free(self._port), within=_START_SECONDS), self.log()

    def kill(self) -> None:
        """kill -9: whoever is connected hears nothing but that the connection is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def end(self) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def order(self, command: str) -> list[tuple[str, ...]]:
        """Tells its console something, such as RELOAD or SHOW POOLS."""
        console = self.url.rpartition("/")[0] + "/pgbouncer"
        with psycopg.connect(console, autocommit=True, prepare_threshold=None) as connection:
            # It speaks the simple protocol alone.
            answer = psycopg.ClientCursor(connection).execute(command.encode())
            return answer.fetchall() if answer.description else []

    def log(self) -> str:
        return (self._folder / "log").read_text()

    def _netloc(self) -> str:
        return f"{self._server.netloc.rpartition(':')[0]}:{self._port}"

    def _write_configuration(self) -> Path:
        users, path = self._folder / "users.txt", self._folder / "pgbouncer.ini"
        users.write_text(f'"{self._server.username}" "{self._server.password}"\n')
        path.write_text(
            _CONFIGURATION.format(
                database=self._server.path[1:],
                server_port=self._server.port,
                port=self._port,
                users=users,
                user=self._server.username,
                connections=CONNECTIONS,
            )
        )
        if os.geteuid() == 0:
            for each in (self._folder, users, path):
                os.chown(each, pwd.getpwnam(_USER).pw_uid, -1)
        return path


def _program() -> str:
    """The one that `make setup` has put beside Python, else the machine's."""
    beside = Path(sys.executable).parent / "pgbouncer"
    found = str(beside) if beside.exists() else shutil.which("pgbouncer", path=_PATH)
    assert found, "there is no pgbouncer: `make setup` says why"
    return found


_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
