"""The PostgreSQL for whoever has none."""

from __future__ import annotations

import json
import os
import secrets
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import psycopg
import pytest
from alembic import command
from pincali_workshop.stack import embedded, embedded_place, embedded_roles
from pincali_workshop.stack.embedded_place import copy_of, place_for, wheel_binaries
from pincali_workshop.stack.up import reader
from psycopg.errors import InsufficientPrivilege

from pincali_sync.cli.app import app, run
from pincali_sync.config import load_config
from pincali_sync.db import migrate
from pincali_sync.exceptions import DatabaseUnavailableError

pytestmark = pytest.mark.slow

start = partial(embedded.ensure_running, durable=False)
IS_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
OF_OTHERS = """
SELECT oid::regclass::text FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relowner <> current_user::regrole
UNION ALL
SELECT oid::regprocedure::text FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace AND proowner <> current_user::regrole
UNION ALL
SELECT datname FROM pg_database
 WHERE datname = current_database() AND datdba <> current_user::regrole"""


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Makes homes whose servers are gone after the test."""
    homes: list[Path] = []

    def make(name: str) -> Path:
        homes.append(tmp_path / name)
        embedded.destroy(homes[-1])  # what a killed session of the same name left
        return homes[-1]

    yield make
    for home in homes:
        embedded.destroy(home)


def postmaster(home: Path) -> int:
    return int((place_for(home).data / "postmaster.pid").read_text().splitlines()[0])


def remember(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 12 AS number")


def remembered(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT number FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_data_outlives_a_stop_and_a_start(new_home: Callable[[str], Path]) -> None:
    home = new_home("home")
    url = start(home)
    assert embedded.running_url(home) == url
    remember(url)
    assert embedded.stop(home)
    assert embedded.running_url(home) is None
    assert not embedded.stop(home)
    assert remembered(start(home)) == 12


def test_a_server_that_runs_is_left_alone(new_home: Callable[[str], Path]) -> None:
    home = new_home("home")
    url, pid = start(home), postmaster(home)
    assert (start(home), postmaster(home)) == (url, pid)


def test_two_that_start_it_at_once_get_one_server(new_home: Callable[[str], Path]) -> None:
    home = new_home("home")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        first, second = processes.map(start, [home, home])
    assert first == second == embedded.running_url(home)
    remember(first)
    assert remembered(second) == 12


def test_a_killed_server_is_started_again_with_its_data(
    new_home: Callable[[str], Path],
) -> None:
    home = new_home("home")
    remember(embedded.ensure_running(home))  # durable: what was committed must be there
    killed = postmaster(home)
    os.kill(killed, signal.SIGKILL)
    assert remembered(start(home)) == 12
    assert postmaster(home) != killed


def test_a_server_that_lives_and_lets_nobody_in_is_waited_for_and_left_as_it_is(
    new_home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = new_home("home")
    url, pid, access = start(home), postmaster(home), (home / "postgres.json").read_text()
    monkeypatch.setattr(embedded, "_PATIENCE_SECONDS", 0.0)
    with psycopg.connect(embedded.administrator_url(home), autocommit=True) as connection:
        connection.execute("ALTER ROLE pincali CONNECTION LIMIT 0")
        with pytest.raises(DatabaseUnavailableError, match=r"lets nobody in: .*too many conn"):
            start(home)
        connection.execute("ALTER ROLE pincali CONNECTION LIMIT -1")
    assert (home / "postgres.json").read_text() == access
    assert (start(home), postmaster(home)) == (url, pid)


def test_a_server_that_was_killed_before_it_had_the_programs_role_is_given_it(
    new_home: Callable[[str], Path],
) -> None:
    home = new_home("home")
    url = start(home)
    with psycopg.connect(embedded.administrator_url(home), autocommit=True) as connection:
        connection.execute("DROP DATABASE pincali")
        connection.execute("DROP ROLE pincali")
    assert start(home) == url


def test_the_port_is_the_servers_own_whatever_was_remembered(
    new_home: Callable[[str], Path],
) -> None:
    home = new_home("home")
    url, remembered_as = start(home), home / "postgres.json"
    port = json.loads(remembered_as.read_text())["port"]
    remembered_as.write_text(remembered_as.read_text().replace(str(port), "1"))
    assert embedded.running_url(home) == url
    assert start(home) == url
    assert json.loads(remembered_as.read_text())["port"] == port
    assert embedded.stop(home)


def test_a_database_whose_passwords_are_lost_is_kept_until_they_are_back(
    new_home: Callable[[str], Path], tmp_path: Path
) -> None:
    home = new_home("home")
    remember(start(home))
    embedded.stop(home)
    (home / "postgres.json").rename(tmp_path / "aside")
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError, match=r"postgres\.json.*put it back, or move"):
            start(home)
    (tmp_path / "aside").rename(home / "postgres.json")
    assert remembered(start(home)) == 12


@pytest.mark.parametrize("left", ["", '{"port": 5', "[]", "{}", "null", '{"user": 1}'])
def test_passwords_that_are_not_whole_are_lost(tmp_path: Path, left: str) -> None:
    place_for(tmp_path).data.mkdir(parents=True)
    try:
        (tmp_path / "postgres.json").write_text(left)
        with pytest.raises(DatabaseUnavailableError, match=r"postgres\.json.*put it back, or move"):
            start(tmp_path)
        assert (tmp_path / "postgres.json").read_text() == left
        assert embedded.running_url(tmp_path) is None
    finally:
        embedded.destroy(tmp_path)


def test_a_server_that_was_half_made_is_made_anew(
    new_home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = new_home("home")
    with monkeypatch.context() as patched:
        patched.setattr(embedded_place.ServerPlace, "binaries", lambda _: Path("/nowhere"))
        with pytest.raises(FileNotFoundError):
            start(home)
    assert place_for(home).data.exists()
    remember(start(home))
    assert not place_for(home).half_made.exists()


def test_a_command_makes_no_database_where_none_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "elsewhere"
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PINCALI_HOME", str(home))
    monkeypatch.chdir(home.parent)
    assert run(app, ["status"]) == 1
    said = capsys.readouterr().err
    assert f"or in .env of {home.parent}), and {home} has no database" in said
    assert "`make up`" in said
    assert not (home / "postgres.json").exists()
    assert not place_for(home).data.exists()


def test_a_command_starts_the_database_that_is_there(
    new_home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = new_home("stopped")
    migrate.upgrade(start(home))
    embedded.stop(home)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PINCALI_HOME", str(home))
    assert run(app, ["queue-stats"]) == 0
    assert embedded.running_url(home) is not None


def test_two_homes_have_a_server_each(new_home: Callable[[str], Path]) -> None:
    one, other = new_home("one"), new_home("other")
    remember(start(one))
    with psycopg.connect(start(other)) as connection:
        found = connection.execute("SELECT to_regclass('kept')").fetchone()
    assert found == (None,)
    assert embedded.stop(other)
    assert embedded.running_url(one) is not None


def test_only_its_owner_can_read_the_password_and_nobody_enters_without(
    new_home: Callable[[str], Path],
) -> None:
    home = new_home("home")
    url = start(home)
    assert stat.S_IMODE((home / "postgres.json").stat().st_mode) == 0o600
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url.replace(url.split("@")[0], "postgresql://pincali:wrong"))


def test_the_programs_role_runs_no_program_and_makes_no_role(
    new_home: Callable[[str], Path],
) -> None:
    url = start(new_home("home"))
    for forbidden in ("COPY (SELECT 1) TO PROGRAM 'true'", "CREATE ROLE another"):
        with (
            psycopg.connect(url) as connection,
            pytest.raises(InsufficientPrivilege),
        ):
            connection.execute(forbidden)
    remember(url)


def test_the_programs_role_makes_databases_beside_its_own_for_whoever_tries_something_on_a_copy(
    new_home: Callable[[str], Path],
) -> None:
    url = start(new_home("home"))
    with psycopg.connect(url.rpartition("/")[0] + "/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE copy TEMPLATE pincali")
        connection.execute("DROP DATABASE copy WITH (FORCE)")
    remember(url)


def test_a_reader_is_given_a_new_password_each_time_it_is_asked_for(
    new_home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = new_home("home")
    monkeypatch.setenv("PINCALI_HOME", str(home))
    start(home)
    urls = [line for _ in range(2) for line in reader(load_config())]
    with psycopg.connect(urls[1]) as connection:
        found = connection.execute("SELECT current_user, count(*) FROM properties_live").fetchone()
    assert found == ("pincali_reader", 0)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(urls[0])


def test_a_home_of_an_earlier_version_is_mended_when_it_is_started(
    new_home: Callable[[str], Path], tmp_path: Path
) -> None:
    home = new_home("home")
    url = start_as_earlier_versions_did(home)
    migrate.upgrade(url)
    remember(url)
    victim = tmp_path / "victim"
    victim.write_text("of somebody else")
    setup_log = place_for(home).setup_log
    setup_log.unlink()
    setup_log.symlink_to(victim)

    assert start(home) == url  # jobs of nodes have it in their environment
    assert remembered(url) == 12
    assert victim.read_text() == "of somebody else"
    assert place_for(home).folder.stat().st_uid == os.geteuid()
    with psycopg.connect(url) as connection:
        assert connection.execute(IS_SUPERUSER).fetchone() == (False,)
        assert connection.execute(OF_OTHERS).fetchall() == []
    command.downgrade(migrate.alembic_config(url), "0003_tiers")
    migrate.upgrade(url)
    embedded.stop(home)
    assert start(home) == url


def start_as_earlier_versions_did(home: Path) -> str:
    """One role, which may do everything, in a folder that is given to the server's user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded_roles, "ADMINISTRATOR", embedded_roles.ROLE)
        patch.setattr(secrets, "token_urlsafe", lambda _: "invented")
        url = start(home)
    access = json.loads((home / "postgres.json").read_text())
    del access["administrator_password"]
    (home / "postgres.json").write_text(json.dumps(access))
    place = place_for(home)
    place.give_to_server(place.folder)
    with psycopg.connect(url) as connection:
        assert connection.execute(IS_SUPERUSER).fetchone() == (True,)
    return url


def test_destroying_a_server_leaves_nothing(new_home: Callable[[str], Path]) -> None:
    home = new_home("home")
    start(home)
    embedded.destroy(home)
    assert not place_for(home).folder.exists()
    assert embedded.running_url(home) is None


def test_a_copy_of_the_binaries_finds_its_libraries(tmp_path: Path) -> None:
    original = wheel_binaries()
    umask = os.umask(0o077)  # as our programs have it: the server's user must get in all the same
    try:
        copy = copy_of(original, tmp_path / "elsewhere")
    finally:
        os.umask(umask)
    for folder in (copy, *copy.parents[:2]):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o005 == 0o005
    assert not copy.is_relative_to(original)
    for program in ("initdb", "postgres", "pg_ctl"):
        said = subprocess.run(
            [copy / "bin" / program, "--version"], capture_output=True, text=True, check=True
        )
        assert "PostgreSQL" in said.stdout
    assert copy_of(original, tmp_path / "elsewhere") == copy
