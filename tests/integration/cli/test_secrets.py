"""A password shows nowhere, whatever signs are in it and wherever in a URL it stands."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus
from uuid import uuid4

import pytest

from pincali_sync.config import load_config
from pincali_sync.db.engine import Database, address_of, masked
from pincali_sync.exceptions import ConfigError, DatabaseUnavailableError
from tests.support.builders import value
from tests.support.cli import say
from tests.support.postgres import execute

NOWHERE = "127.0.0.1:1/listings"
PASSWORDS = [
    *("sesame", "%sesame", "se%zzsame", "sesame%", "sesame/x", "12/sesame", "12/sesame@x/y"),
    *("x@sesame", "sesame@x/y?z", "12?sesame@x/y", "#sesame", "?sesame", "x?password=sesame"),
    *("[sesame", "sesame]", "sesame\u2100", "sesame\n", "se same\tsesame", "sesame\\", ":sesame:"),
]


def urls_with(password: str) -> Iterator[str]:
    yield f"postgresql://ana:{password}@{NOWHERE}"
    yield f"postgresql://ana:{quote(password, safe='')}@{NOWHERE}"
    yield f"postgresql://{NOWHERE}?user=ana&password={password}"
    yield f"postgresql://ana@{NOWHERE}?sslmode=prefer&password={quote_plus(password)}"
    yield f"postgresql://ana:{password}@/listings"
    yield f"ana:{password}@{NOWHERE}"


def refusal_of(url: str) -> str | None:
    """What is said of a refused URL, its traceback included."""
    try:
        load_config(database_url=url)
    except ConfigError as refused:
        return "".join(traceback.format_exception(refused))
    return None


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PINCALI_HOME", str(tmp_path))
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    return tmp_path / "logs" / "pincali-sync.log"


@pytest.mark.parametrize("password", ["se%zzsame", "12/sesame@x/y", "sesame\u2100", "[sesame"])
def test_commands_and_their_log_do_not_show_the_password_of_the_database(
    password: str, log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for url in urls_with(password):
        monkeypatch.setenv("DATABASE_URL", url)
        for command in ("config", "status"):
            status, out, err = say(capsys, command)
            assert "same" not in out + err, url
            assert status == 2 or (status == 0) == (command == "config"), err
    assert not log.exists() or "same" not in log.read_text()


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_url_that_is_accepted_is_read_alike_by_all(password: str) -> None:
    for url in urls_with(password):
        said = refusal_of(url)
        if said is None:
            assert address_of(url) == NOWHERE
            said = masked(url)
        assert "same" not in said


@pytest.mark.parametrize(
    "form", ["postgresql://{role}:{stray}@{place}", "postgresql://{role}@{place}?password={plus}"]
)
async def test_a_stray_percent_sign_is_one_for_queries_and_for_notifications(
    form: str, database_url: str, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    role, password = f"reader_{uuid4().hex[:8]}", "op%zzen-sesame"
    execute(postgres_url, f"CREATE ROLE {{}} LOGIN PASSWORD '{password}'", role)
    place = database_url.rpartition("@")[2]
    url = form.format(role=role, place=place, stray=password, plus=quote_plus(password))
    database = Database(url)
    try:
        assert await value(database, "SELECT current_user::text") == role
        async with database.listen("changes") as listener:
            execute(database_url, "NOTIFY changes")
            await asyncio.wait_for(listener.wait(10), 5)
    finally:
        await database.dispose()
        execute(postgres_url, "DROP ROLE {}", role)
    assert "same" not in caplog.text


async def test_an_outage_is_written_down_without_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    database = Database(f"postgresql://ana:se%zzsame@{NOWHERE}")
    async with database.listen("changes"):
        with pytest.raises(DatabaseUnavailableError) as caught:
            await database.check_schema()
    said = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "cannot listen for changes" in said
    assert "same" not in said


@pytest.mark.parametrize("variable", ["SCRAPYD_URLS", "PINCALI_BASE_URL", "PINCALI_SITEMAP_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "http://ana:sesame@127.0.0.1:6800",
        "http://sesame@127.0.0.1:6800",
        "http://ana:12/sesame@127.0.0.1:6800",
        "http://ana:ses@same@127.0.0.1:6800",
        "http://ana:sesame\u2100@127.0.0.1:6800",
        "http://ana:sesame#@127.0.0.1:6800",
        "ana:sesame@127.0.0.1:6800",
        "http://127.0.0.1:sesame",
        "http://127.0.0.1:66800/sesame",
    ],
)
def test_urls_that_are_shown_hold_no_user_and_no_password(
    variable: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, url)
    with pytest.raises(ConfigError, match=f"^{variable}: ") as refused:
        load_config()
    assert "same" not in str(refused.value)


@pytest.mark.parametrize("variable", ["SCRAPYD_URLS", "PINCALI_BASE_URL"])
def test_roots_have_no_options_that_could_be_secrets(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:6800/?token=sesame")
    with pytest.raises(ConfigError, match=f"^{variable}: ") as refused:
        load_config()
    assert "sesame" not in str(refused.value)


def test_the_url_of_the_ping_may_hold_a_user_and_is_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEALTHCHECK_URL", "https://ana:sesame@ping.example/id?x=sesame")
    assert "same" not in repr(load_config())
    monkeypatch.setenv("HEALTHCHECK_URL", "https://ana:sesame\u2100@ping.example:sesame/id")
    with pytest.raises(ConfigError, match="HEALTHCHECK_URL: ") as refused:
        load_config()
    assert "same" not in str(refused.value)
