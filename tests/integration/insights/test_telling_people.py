"""Alerts through Apprise, and the ping for whoever watches cron, over real HTTP on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator

import pytest

from pincali_sync import notify
from pincali_sync.bootstrap import build_services
from pincali_sync.cli import tier_runner
from pincali_sync.cli.app import app, run
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import ConfigError
from pincali_sync.notify import AppriseNotifier, HealthcheckPing
from pincali_sync.services.insights.snapshot import RUNNER
from pincali_sync.services.insights_service import InsightsService
from tests.support.http_listener import HttpListener, dripping, http_listener
from tests.support.postgres import execute

NOBODY = "json://127.0.0.1:1/secret-topic"


@pytest.fixture
def listener() -> Iterator[HttpListener]:
    with http_listener() as heard:
        yield heard


def apprise_url(listener: HttpListener) -> str:
    return listener.url.replace("http://", "json://") + "/alerts"


# --- Apprise ---
async def test_a_message_reaches_every_target(listener: HttpListener) -> None:
    notifier = AppriseNotifier([apprise_url(listener), apprise_url(listener)])
    assert await notifier.tell("a title", "what is the matter")
    assert [json.loads(body)["title"] for _, body in listener.received] == ["a title", "a title"]
    assert json.loads(listener.received[0][1])["message"] == "what is the matter"


async def test_a_target_out_of_reach_keeps_nobody_else_from_being_told(
    listener: HttpListener, caplog: pytest.LogCaptureFixture
) -> None:
    assert await AppriseNotifier([NOBODY, apprise_url(listener)]).tell("a title", "a body")
    assert listener.paths == ["/alerts"]
    assert "ALERT_URLS: entry 1 did not take the message" in caplog.text


async def test_told_is_only_what_somebody_took(listener: HttpListener) -> None:
    assert not await AppriseNotifier([NOBODY]).tell("a title", "a body")
    listener.status = 500
    assert not await AppriseNotifier([apprise_url(listener)]).tell("a title", "a body")


async def test_a_target_whose_answer_drips_counts_as_one_that_took_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notify, "_TELL_SECONDS", 0.3)
    with dripping() as port:
        assert not await AppriseNotifier([f"json://127.0.0.1:{port}/"]).tell("a title", "a body")


def test_a_program_that_gave_a_target_up_ends() -> None:
    with dripping() as port:
        told = f"""
import asyncio
from pincali_sync import notify
notify._TELL_SECONDS = 0.3
asyncio.run(notify.AppriseNotifier(["json://127.0.0.1:{port}/"]).tell("a title", "a body"))
print("given up", flush=True)
"""
        with subprocess.Popen([sys.executable, "-c", told], stdout=subprocess.PIPE) as program:
            assert program.stdout is not None
            try:
                assert program.stdout.readline() == b"given up\n"
                assert program.wait(timeout=3) == 0
            finally:
                program.kill()


async def test_with_nobody_to_tell_nothing_waits_to_be_told() -> None:
    assert await AppriseNotifier([]).tell("a title", "a body")


@pytest.mark.parametrize(
    "url", ["nonsense://secret@host", "slack://secret/x", "tgram://secret/1", "json://a:se/cret@b"]
)
def test_a_url_that_apprise_does_not_know_is_named_by_its_place_and_not_shown(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigError, match="ALERT_URLS: entry 2") as refused:
        AppriseNotifier(["json://127.0.0.1/", url]).check()
    assert "cret" not in str(refused.value) + caplog.text


@pytest.mark.usefixtures("watched")
def test_a_tick_refuses_such_a_url_before_it_opens_a_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALERT_URLS", "nonsense://secret@host")
    assert tier_runner.main() == 2
    assert "ALERT_URLS: entry 1" in capsys.readouterr().err


async def test_a_job_is_not_kept_from_its_work_by_such_a_url(db: Database) -> None:
    config = load_config(alert_urls="nonsense://secret@host")
    services = build_services(config, db=db)
    assert await services.db.run(lambda tx: tx.incidents.open()) == []


def test_the_command_tries_whether_people_can_be_told(
    listener: HttpListener, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["alerts", "--test"]) == 2
    assert "ALERT_URLS is not set" in capsys.readouterr().err
    monkeypatch.setenv("ALERT_URLS", apprise_url(listener))
    assert run(app, ["alerts", "--test"]) == 0
    assert listener.paths == ["/alerts"]
    monkeypatch.setenv("ALERT_URLS", f"{apprise_url(listener)}, {NOBODY}")
    assert run(app, ["alerts", "--test"]) == 1
    assert "did not take it: entry 2." in capsys.readouterr().err
    assert run(app, ["alerts", "--test", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told == [{"place": 1, "took": True}, {"place": 2, "took": False}]


def test_the_configuration_shows_no_secret_of_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALERT_URLS", "json://user:password@host/")
    monkeypatch.setenv("HEALTHCHECK_URL", "https://ping.example/secret-id")
    monkeypatch.setenv("WEB_TOKEN", "a-token-of-some-length")
    assert run(app, ["config", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [shown[name] for name in ("ALERT_URLS", "HEALTHCHECK_URL", "WEB_TOKEN")] == ["***"] * 3


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HEALTHCHECK_URL", "ftp://ping.example"), ("WEB_TOKEN", "too-short")],
)
def test_a_refused_secret_is_named_and_not_shown(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=variable) as refused:
        load_config()
    assert value not in str(refused.value)


# --- the ping ---
async def test_a_ping_that_fails_stops_nothing_and_hides_its_url(
    listener: HttpListener, caplog: pytest.LogCaptureFixture
) -> None:
    listener.status = 503
    await HealthcheckPing(f"{listener.url}/secret-id/").started()
    assert listener.paths == ["/secret-id/start"]
    await HealthcheckPing("http://127.0.0.1:1/secret-id").succeeded()
    assert "HEALTHCHECK_URL: the ping failed: HTTP 503" in caplog.text
    assert "ConnectError" in caplog.text
    assert "secret-id" not in [each.getMessage() for each in caplog.records if "ping" in each.name]


async def test_a_ping_reads_nothing_of_the_answer() -> None:
    with dripping() as port:
        await HealthcheckPing(f"http://127.0.0.1:{port}/id").started()


async def test_a_ping_that_is_never_answered_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notify, "_PING_SECONDS", 0.3)
    with dripping(head="HTTP/1.0 200 OK\r\nX-A: ") as port:
        await HealthcheckPing(f"http://127.0.0.1:{port}/id").started()
    assert "HEALTHCHECK_URL: the ping failed: TimeoutError" in caplog.text


@pytest.mark.parametrize("query", ["?key=a/b&create=1", "?", "?a=1?b=2"])
async def test_a_ping_keeps_the_query_at_its_end(listener: HttpListener, query: str) -> None:
    ping = HealthcheckPing(f"{listener.url}/id/{query}")
    await ping.started()
    await ping.failed("why")
    await ping.succeeded()
    asked = query.rstrip("?")
    assert [path.rstrip("?") for path in listener.paths] == [
        *(f"/id/start{asked}", f"/id/fail{asked}", f"/id{asked}"),
    ]


@pytest.fixture
def watched(listener: HttpListener, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SCRAPYD_URLS", "http://127.0.0.1:1")
    monkeypatch.setenv("HEALTHCHECK_URL", f"{listener.url}/id")
    monkeypatch.setattr("sys.argv", ["tier_runner.py"])


@pytest.mark.usefixtures("watched")
def test_a_tick_that_cannot_start_what_is_due_says_so(listener: HttpListener) -> None:
    assert tier_runner.main() == 1
    assert listener.paths == ["/id/start", "/id/fail"]
    assert "Scrapyd at http://127.0.0.1:1 does not answer" in listener.received[1][1]


@pytest.mark.usefixtures("watched")
def test_a_tick_with_nothing_to_do_is_a_good_one(
    listener: HttpListener, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_nothing_to_do(database_url, monkeypatch)
    assert tier_runner.main() == 0
    assert listener.paths == ["/id/start", "/id"]


def leave_nothing_to_do(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRAPYD_URLS", "local")  # no node that could be missed
    execute(
        database_url,
        """INSERT INTO sync_runs (tier_level, status, step, started_at, completed_at)
           SELECT tier, 'completed', 'done', now(), now() FROM generate_series(1, 4) AS tier""",
    )


@pytest.mark.usefixtures("watched")
def test_figures_that_cannot_be_read_keep_no_webhook_and_are_told_by_the_ping(
    listener: HttpListener, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_figures(*_: object, **__: object) -> None:
        raise KeyError("a figure")

    monkeypatch.setattr(InsightsService, "snapshot", no_figures)
    monkeypatch.setenv("WEBHOOK_URLS", f"{listener.url}/hooks")
    monkeypatch.setenv("WEBHOOK_SECRET", "whsec_" + b64encode(b"for tests only" * 2).decode())
    leave_nothing_to_do(database_url, monkeypatch)
    assert tier_runner.main() == 0  # from here on the target is told what changes
    execute(
        database_url,
        "INSERT INTO property_changes (property_id, change_type) VALUES ('a', 'created')",
    )
    listener.received.clear()
    assert tier_runner.main() == 0
    assert listener.paths == ["/id/start", "/hooks", "/id/fail"]
    assert listener.received[2][1] == "KeyError: 'a figure'"


@pytest.mark.usefixtures("watched")
def test_a_tick_beside_another_leaves_the_word_to_that_one(
    listener: HttpListener, database_url: str
) -> None:
    execute(
        database_url,
        f"""INSERT INTO service_locks (name, token, owner, expires_at)
            VALUES ('{RUNNER}', gen_random_uuid(), 'another', now() + interval '1 minute')""",
    )
    assert tier_runner.main() == 75
    assert listener.paths == ["/id/start"]
