"""What the doctor says of a machine, its nodes and files, and of whoever is to be told."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pincali_workshop.stack import embedded_place

from pincali_sync.db.engine import Database
from pincali_sync.doctor import machine, work
from pincali_sync.doctor.check import Level
from pincali_sync.services.insights.snapshot import RUNNER
from tests.support.builders import value
from tests.support.clock import FixedClock
from tests.support.doctor import Surgery
from tests.support.hostile_site import HostileSite, Says
from tests.support.strangers import Give

OK, WARN, BAD = Level.OK, Level.WARN, Level.BAD


async def test_secrets_that_others_can_read_are_shut_away(surgery: Surgery, env_file: Path) -> None:
    assert await surgery.level("account") is OK
    os.chmod(env_file, 0o644)  # noqa: PTH101
    assert await surgery.level("account") is WARN
    level, said = await surgery.told("account", fix=True)
    assert level is OK
    assert "others can no longer read" in said
    assert os.stat(env_file).st_mode & 0o777 == 0o640  # noqa: PTH116


async def test_root_is_told_and_cannot_be_mended(
    surgery: Surgery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    [line] = await surgery.lines("account", fix=True)
    assert (line.finding.level, line.mendable, line.mended) == (WARN, False, "")


async def test_a_home_of_somebody_else_and_one_without_room_are_told(
    surgery: Surgery, give_to_a_stranger: Give, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert await surgery.level("home") is OK
    monkeypatch.setattr(machine, "_HOME_NEED", 10**15)
    level, said = await surgery.told("home")
    assert level is BAD
    assert "make room" in said
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    give_to_a_stranger(theirs)
    level, said = await surgery.told("home", pincali_home=theirs)
    assert level is BAD
    assert "another user could put files into" in said


async def test_a_database_disk_without_room_is_told(
    surgery: Surgery, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "not to be seen from here" in (await surgery.told("database disk"))[1]
    administrator = Database(postgres_url)
    try:
        seeing = Surgery(db=administrator, clock=surgery.clock, home=surgery.home)
        facts = await administrator.run(lambda tx: tx.server.facts())
        assert facts.folder is not None
        assert await seeing.level("database disk") is OK
        monkeypatch.setattr(machine, "_GB", 10**15)
        assert await seeing.level("database disk") is BAD
    finally:
        await administrator.dispose()


@pytest.mark.slow
async def test_a_browser_that_starts_and_one_that_does_not_are_told(surgery: Surgery) -> None:
    level, said = await surgery.told("browser")
    assert level is (WARN if os.geteuid() == 0 else OK)
    assert "Chromium 1" in said
    level, said = await surgery.told("browser", chromium_executable="/bin/false")
    assert level is BAD
    assert "Chromium does not start" in said
    level, said = await surgery.told("browser", chromium_executable="/nowhere")
    assert level is BAD
    assert "/nowhere does not exist" in said
    assert await surgery.level("browser", detail_transport="http") is OK


async def test_cookies_that_are_open_to_others_old_or_no_cookies_are_told(
    surgery: Surgery, tmp_path: Path
) -> None:
    file = tmp_path / "cookies.json"

    async def told(content: str, mode: int = 0o600, *, fix: bool = False) -> tuple[Level, str]:
        file.write_text(content)
        file.chmod(mode)
        return await surgery.told("cookies", fix=fix, cookies_file=file)

    good = [{"name": "a", "value": "b", "domain": "www.pincali.com"}]
    assert await surgery.level("cookies") is OK
    assert (await told(json.dumps(good)))[0] is OK
    assert (await told(json.dumps(good), 0o644))[0] is WARN
    assert (await told(json.dumps(good), 0o644, fix=True))[0] is OK
    assert file.stat().st_mode & 0o777 == 0o600
    level, said = await told(json.dumps([{**good[0], "expires": 1}]))
    assert level is WARN
    assert "export them anew" in said
    assert (await told("nonsense"))[0] is BAD
    file.unlink()
    level, said = await surgery.told("cookies", cookies_file=file)
    assert level is BAD
    assert said.startswith(f"COOKIES_FILE: {file} cannot be read")


async def test_agreed_headers_that_are_open_to_others_are_told(
    surgery: Surgery, tmp_path: Path
) -> None:
    file = tmp_path / "headers"
    file.write_text("X-Key: sesame\n")
    file.chmod(0o644)
    assert await surgery.level("headers") is OK
    level, said = await surgery.told("headers", extra_headers_file=file)
    assert level is WARN
    assert "sesame" not in said
    level, said = await surgery.told("headers", fix=True, extra_headers_file=file)
    assert (level, file.stat().st_mode & 0o777) == (OK, 0o600)
    assert "X-Key" in said
    in_the_open = "http://site.example.org"
    level = await surgery.level("headers", extra_headers_file=file, pincali_base_url=in_the_open)
    assert level is WARN


async def test_a_tier_runner_that_is_silent_is_told_and_what_should_call_it(
    surgery: Surgery,
    db: Database,
    clock: FixedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work, "_SCHEDULES", (str(tmp_path / "cron.d"),))
    level, said = await surgery.told("cron")
    assert level is BAD
    assert "there was no tick ever" in said
    (tmp_path / "cron.d").mkdir()
    (tmp_path / "cron.d" / "pincali").write_text("* * * * * x python scripts/tier_runner.py\n")
    await db.run(lambda tx: tx.history.beat(RUNNER, now=clock.now()))
    assert await surgery.level("cron") is OK
    clock.advance(minutes=16)
    level, said = await surgery.told("cron")
    assert level is BAD
    assert "cron.d/pincali calls it" in said


async def test_each_node_that_is_down_is_told(surgery: Surgery) -> None:
    assert await surgery.level("nodes") is OK
    urls = "http://127.0.0.1:1,http://127.0.0.1:2"
    lines = await surgery.lines("nodes", scrapyd_urls=urls)
    assert [line.finding.level for line in lines] == [BAD, BAD]
    assert [line.finding.what for line in lines] == [
        "Scrapyd at http://127.0.0.1:1 does not answer",
        "Scrapyd at http://127.0.0.1:2 does not answer",
    ]


async def test_process_ids_of_jobs_that_ended_are_swept(
    surgery: Surgery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")  # a narrow terminal cuts no job's name
    folder = surgery.home / "logs" / "jobs"
    folder.mkdir(parents=True)
    alive, ended = uuid4(), uuid4()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "input()", str(alive)), stdin=subprocess.PIPE
    )
    try:
        (folder / f"{alive}.pid").write_text(str(process.pid))
        assert await surgery.level("job files") is OK
        (folder / f"{ended}.pid").write_text(str(process.pid))  # given to another since
        (folder / f"{ended}.log").touch()
        assert await surgery.level("job files") is WARN
        assert await surgery.level("job files", fix=True) is OK
    finally:
        await process.communicate(b"\n")
    assert sorted(each.name for each in folder.iterdir()) == sorted(
        [f"{alive}.pid", f"{ended}.log"]
    )


async def test_alerts_that_nobody_hears_are_told(surgery: Surgery) -> None:
    assert await surgery.level("alerts") is WARN
    assert await surgery.level("alerts", alert_urls="json://127.0.0.1:1/") is OK
    level, said = await surgery.told("alerts", alert_urls="nonsense://secret")
    assert level is BAD
    assert "entry 1" in said
    assert "secret" not in said


async def test_the_site_is_asked_once_and_told_to_be_away(
    surgery: Surgery, hostile: HostileSite
) -> None:
    unpaced: dict[str, Any] = {"pincali_base_url": hostile.url, "site_min_gap_seconds": 0}
    hostile.answers["/robots.txt"] = Says(body=b"User-agent: *\nDisallow: /admin\n")
    assert await surgery.level("site", **unpaced) is OK
    assert hostile.paths == ["/robots.txt"]
    hostile.answers["/robots.txt"] = Says(503)
    assert await surgery.level("site", **unpaced) is BAD
    hostile.answers["/robots.txt"] = Says(body=b"User-agent: *\nDisallow: /\n")
    assert await surgery.level("site", **unpaced) is BAD


async def test_the_rest_that_a_busy_site_asks_for_holds_for_everybody(
    surgery: Surgery, hostile: HostileSite
) -> None:
    paced: dict[str, Any] = {"pincali_base_url": hostile.url, "site_min_gap_seconds": 0.01}
    hostile.answers["/robots.txt"] = Says(503, headers={"Retry-After": "3600"})
    assert await surgery.level("site", **paced) is BAD
    held = "SELECT held_until > clock_timestamp() + interval '59 minutes' FROM site_pace"
    assert await value(surgery.db, held)


async def test_what_deleted_checkouts_left_of_their_servers_is_told(
    surgery: Surgery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(embedded_place, "_SHARED_ROOT", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for name, home in (("aa", tmp_path), ("bb", tmp_path / "deleted")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "home").write_text(str(home))
    level, said = await surgery.told("old servers")
    assert level is WARN
    assert str(tmp_path / "bb") in said
    assert str(tmp_path / "aa") not in said
