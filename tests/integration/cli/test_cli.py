"""What an operator types, and what comes back: one clear line and the right exit status."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest
import typer
from rich.console import Console

from pincali_sync.bootstrap import open_services
from pincali_sync.cli import output, tier_runner
from pincali_sync.cli.app import app, run
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.ports import JobSpec
from pincali_sync.services.runs.runner_lock import runner_lock
from tests.support.builders import rows
from tests.support.cli import as_json, say


@pytest.fixture
def configured(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SCRAPYD_URLS", "http://127.0.0.1:1")


@pytest.fixture
def http_details(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETAIL_TRANSPORT", "http")


@pytest.fixture
def no_job(monkeypatch: pytest.MonkeyPatch) -> list[JobSpec]:
    """The jobs that a command would have run here."""
    wanted: list[JobSpec] = []

    async def run(_runner: LocalJobRunner, spec: JobSpec) -> int:
        wanted.append(spec)
        return 1

    monkeypatch.setattr(LocalJobRunner, "run", run)
    return wanted


@pytest.mark.usefixtures("configured")
def test_the_looking_commands_work_on_an_empty_database(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tiers = as_json(capsys, "status")["tiers"]
    assert [(each["tier"], each["latest_run"]) for each in tiers] == [
        (n, None) for n in range(1, 5)
    ]
    assert as_json(capsys, "queue-stats")["pending_count"] == 0
    assert as_json(capsys, "manifest-stats")["total"] == 0
    for command, shows in (
        ("status", "never ran"),
        ("queue-stats", "in progress"),
        ("manifest-stats", "with id"),
    ):
        status, out, _ = say(capsys, command)
        assert status == 0
        assert shows in out


@pytest.mark.usefixtures("configured")
def test_people_are_spoken_to_in_their_language_and_programs_are_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_MX.UTF-8")
    _, out, _ = say(capsys, "status")
    assert out.startswith("tier\tstate\tlast run\t")
    assert "1 hot_listings\tnever ran\t" in out
    assert "Aún no se ha leído nada. `pincali-sync first-run` dice" in " ".join(out.split())
    monkeypatch.setattr(output, "console", Console(width=100, force_terminal=True))
    assert say(capsys, "queue-stats")[1].startswith("Cola\n  pendientes ")
    assert say(capsys, "resume")[1] == "Nada estaba en pausa.\n"
    _, _, err = say(capsys, "explain", "nothing")
    assert err == (
        "pincali-sync: 'nothing' no es ningún registro: da su property_id, id EB, URL o slug\n"
    )


def test_config_shows_what_is_in_force_and_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://operator:invented@127.0.0.1:5432/listings")
    monkeypatch.setenv("SCRAPYD_USERNAME", "operator")
    monkeypatch.setenv("SCRAPYD_PASSWORD", "invented")
    values = as_json(capsys, "config")
    assert values["DATABASE_URL"] == "postgresql://operator:***@127.0.0.1:5432/listings"
    assert values["TIER_1_PAGES"] == 10
    assert "invented" not in json.dumps(values)


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [
        ("nonsense", 2, "DATABASE_URL: is not a PostgreSQL URL"),
        ("postgresql://a:hidden@127.0.0.1:1/none", 1, "127.0.0.1:1/none cannot be reached"),
    ],
)
def test_a_bad_database_is_named_in_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    status: int,
    says: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    ended, out, err = say(capsys, "status")
    assert ended == status
    assert out == ""
    assert says in err
    assert "hidden" not in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(("program", "words"), [(app, ["status"]), (tier_runner.app, [])])
def test_a_table_that_somebody_locks_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
    program: typer.Typer,
    words: list[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{database_url}?options=-cstatement_timeout%3D300ms")
    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE sync_runs, service_locks")
        status = run(program, words)
    assert status == 1
    [line] = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("pincali-sync: PostgreSQL at 127.0.0.1:")
    assert "gave a statement up: canceling statement due to statement timeout. If that" in line


def test_a_database_without_our_tables_names_the_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    status, _, err = say(capsys, "status")
    assert status == 1
    assert "has no tables of this program yet" in err
    assert "alembic upgrade head" in err


@pytest.mark.usefixtures("configured")
def test_a_scrapyd_that_is_down_fails_the_command_and_leaves_nothing_half_done(
    capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    status, _, err = say(capsys, "tier1")
    assert status == 1
    assert "Scrapyd at http://127.0.0.1:1 does not answer: start it" in err
    assert asyncio.run(_count(database_url, "sync_runs")) == 0
    assert asyncio.run(_count(database_url, "scraping_sessions")) == 0
    assert asyncio.run(_count(database_url, "service_locks")) == 0


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("words", [("tier1", "--dry-run"), ("tier4", "--dry-run")])
def test_a_dry_run_of_what_is_paused_says_who_paused_it_and_asks_for_nothing(
    capsys: pytest.CaptureFixture[str], no_job: list[JobSpec], words: tuple[str, ...]
) -> None:
    tier = words[0][-1]
    say(capsys, "pause", "--tier", tier, "--reason", "moving house")
    status, _, err = say(capsys, *words)
    assert status == 3
    assert re.search(f"tier {tier} has been paused .*moving house; .*resume --tier {tier}", err)
    say(capsys, "resume", "--tier", tier)
    say(capsys, "pause", "--reason", "moving house")
    status, _, err = say(capsys, *words)
    assert status == 3
    assert re.search("everything has been paused .*moving house; `pincali-sync resume`", err)
    assert no_job == []


def test_a_dry_run_on_a_database_without_our_tables_names_the_remedy(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    empty_database_url: str,
    no_job: list[JobSpec],
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    status, _, err = say(capsys, "tier1", "--dry-run")
    assert status == 1
    assert "has no tables of this program yet" in err
    assert no_job == []


@pytest.mark.usefixtures("configured", "http_details")
@pytest.mark.parametrize("words", [("tier1", "--dry-run"), ("process-queue", "5")])
def test_a_pause_while_pages_are_read_is_told_as_what_it_is(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    async def paused(_runner: LocalJobRunner, _spec: JobSpec) -> int:
        async with open_services(load_config()) as services:
            await services.pauses.pause(None, reason="moving house", paused_by="Operator 1")
        return 3

    monkeypatch.setattr(LocalJobRunner, "run", paused)
    status, _, err = say(capsys, *words)
    assert status == 3
    assert "by Operator 1: moving house; `pincali-sync resume` goes on" in err
    assert "refuses" not in err


@pytest.mark.usefixtures("configured", "http_details")
def test_a_queue_that_rests_is_not_worked_off_and_it_is_said_why(
    capsys: pytest.CaptureFixture[str], no_job: list[JobSpec]
) -> None:
    say(capsys, "pause", "--reason", "moving house")
    status, out, err = say(capsys, "process-queue", "5")
    assert (status, out) == (3, "")
    assert "moving house; `pincali-sync resume` goes on" in err
    assert no_job == []


@pytest.mark.usefixtures("configured", "http_details")
def test_details_that_could_not_be_fetched_are_told_with_the_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failed(_runner: LocalJobRunner, spec: JobSpec) -> int:
        async with open_services(load_config()) as services:
            ticket = await services.jobs.begin(spec.job_id, spider=spec.spider, source=None)
            await services.jobs.finish(ticket, succeeded=False, reason="no_browser", stats={})
        return 1

    monkeypatch.setattr(LocalJobRunner, "run", failed)
    status, out, err = say(capsys, "process-queue", "5", "--json")
    assert (status, json.loads(out)["processed"]) == (1, 0)
    assert json.loads(out)["error"].startswith("the job ended with no_browser: see /")
    assert "pincali-sync: the job ended with no_browser: see /" in err


@pytest.mark.usefixtures("configured")
def test_a_missing_browser_is_found_out_before_a_queue_is_worked_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, no_job: list[JobSpec]
) -> None:
    monkeypatch.setenv("CHROMIUM_EXECUTABLE", "/nowhere/chromium")
    status, _, err = say(capsys, "process-queue", "5")
    assert status == 1
    assert "CHROMIUM_EXECUTABLE=/nowhere/chromium does not exist" in err
    assert no_job == []


@pytest.mark.usefixtures("configured")
def test_a_tick_without_a_node_ends_with_1_though_nothing_is_due_unless_all_rests(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for tier in "1234":
        say(capsys, "pause", "--tier", tier)
    assert run(tier_runner.app, []) == 1
    assert "Scrapyd at http://127.0.0.1:1 does not answer: start it" in capsys.readouterr().err
    say(capsys, "pause")
    assert run(tier_runner.app, []) == 0


@pytest.mark.usefixtures("configured")
def test_an_unknown_tier_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tier_runner.app, ["--tier", "7"]) == 2
    assert "unknown tier '7'" in capsys.readouterr().err


@pytest.mark.usefixtures("configured")
def test_a_second_runner_gives_way(capsys: pytest.CaptureFixture[str]) -> None:
    async def while_locked() -> int:
        async with (
            open_services(load_config()) as services,
            runner_lock(services.db, services.clock, 120),
        ):
            return await asyncio.to_thread(run, tier_runner.app, [])

    assert asyncio.run(while_locked()) == 75
    assert "another tier runner is at work" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("tier9",), ("status", "--bogus"), ("process-queue", "0")])
def test_wrong_words_are_wrong_usage(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    status, _, err = say(capsys, *words)
    assert status == 2
    assert "Traceback" not in err


def test_parse_prints_what_the_page_objects_read(
    capsys: pytest.CaptureFixture[str], pages_folder: Path
) -> None:
    page = str(pages_folder / "listing-2026.html")
    status, out, _ = say(
        capsys, "parse", "listing", page, "--url", "https://www.pincali.com/en/properties/x"
    )
    assert status == 0
    assert json.loads(out)["entries"]


def test_parse_says_when_a_page_is_no_listing_or_not_there(
    capsys: pytest.CaptureFixture[str], pages_folder: Path
) -> None:
    url = "https://www.pincali.com/en/home/casa-de-prueba"
    challenge = str(pages_folder / "challenge.html")
    status, out, err = say(capsys, "parse", "detail", challenge, "--url", url)
    assert (status, out) == (1, "")
    assert "pincali-sync: " in err
    status, _, err = say(capsys, "parse", "detail", "nowhere.html", "--url", url)
    assert status == 2
    assert "nowhere.html cannot be read" in err


@pytest.mark.parametrize(
    "url", ["garbage", "", "www.pincali.com/en", "ftp://a/b", "http://[", "https:///en"]
)
def test_parse_refuses_what_is_no_url_of_a_page(
    capsys: pytest.CaptureFixture[str], pages_folder: Path, url: str
) -> None:
    page = str(pages_folder / "listing-2026.html")
    status, out, err = say(capsys, "parse", "listing", page, "--url", url)
    assert (status, out) == (2, "")
    assert "it begins with http:// or https:// and names a host" in err


def test_parse_says_when_a_page_shows_neither_a_card_nor_a_total(
    capsys: pytest.CaptureFixture[str], pages_folder: Path
) -> None:
    url = "https://www.pincali.com/en/properties/properties-for-sale"
    page = str(pages_folder / "login.html")
    status, out, err = say(capsys, "parse", "listing", page, "--url", url)
    assert status == 1
    assert json.loads(out)["entries"] == []
    assert "login.html shows neither a card nor how many there are" in err


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("number", ["10001", "99999999999999999999"])
@pytest.mark.parametrize(
    "words",
    [
        *(("history",), ("dead-letters",), ("today",), ("listings",), ("removals", "unsettled")),
        *(("reviews", "list"), ("candidates", "list")),
    ],
)
def test_more_than_anybody_reads_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], number: str
) -> None:
    status, _, err = say(capsys, *words, "--limit", number)
    assert status == 2
    assert "--limit" in err


async def _count(url: str, table: str) -> int:
    db = Database(url)
    [found] = await rows(db, f"SELECT count(*) AS n FROM {table}")
    await db.dispose()
    return int(found["n"])


@pytest.mark.usefixtures("configured")
def test_a_missing_browser_is_found_out_before_a_run_is_opened(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("CHROMIUM_EXECUTABLE", "/nowhere/chromium")
    status, _, err = say(capsys, "tier1")
    assert status == 1
    assert "CHROMIUM_EXECUTABLE=/nowhere/chromium does not exist" in err
    assert asyncio.run(_count(database_url, "sync_runs")) == 0


@pytest.mark.slow
def test_commands_start_without_loading_what_only_jobs_need() -> None:
    heavy = ["scrapy", "twisted", "playwright", "apprise", "pyarrow"]
    program = f"import sys, pincali_sync.cli; print([n for n in {heavy} if n in sys.modules])"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


def test_help_is_in_groups_of_whole_lines_and_the_version_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, _ = say(capsys, "-h")
    assert status == 0
    assert "..." not in out.replace("[ARGS]...", "")
    assert out.index("See how things are:") < out.index("  status ") < out.index("\nRun:")
    assert max(map(len, out.splitlines())) <= 80
    assert say(capsys, "tier1", "-h")[0] == 0
    assert say(capsys, "--version") == (0, f"pincali-sync {version('pincali-sync')}\n", "")
