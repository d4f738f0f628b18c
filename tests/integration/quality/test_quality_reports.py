"""Quality reports as they are made, kept and compared: by hand, and at the end of tier 4."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from pincali_sync.bootstrap import build_services
from pincali_sync.cli.app import app, run
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.data_quality_service import DataQualityService
from tests.support.builders import add_live, rows, value
from tests.support.cli import say
from tests.support.clock import FixedClock
from tests.support.stage import Stage


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


@pytest.fixture
def configured(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("PINCALI_HOME", str(tmp_path / "home"))


async def test_a_report_stands_beside_the_last_one(db: Database, clock: FixedClock) -> None:
    quality = DataQualityService(db, clock, load_config())
    first = await quality.report()
    assert (first.previous_at, first.previous) == (None, None)
    await add_live(db, "a", price=5)
    clock.advance(days=30)
    second = await quality.report()
    assert second.previous_at == first.created_at
    assert second.previous == first.figures
    assert second.figures["listings"] == 1


async def test_reports_are_kept_for_as_long_as_runs(db: Database, clock: FixedClock) -> None:
    services = build_services(load_config(keep_runs_days=100), clock=clock, db=db)
    await services.quality.report()
    clock.advance(days=60)
    await services.quality.report()
    clock.advance(days=60)
    await services.retention.clean_up()
    assert await value(db, "SELECT count(*) FROM quality_reports") == 1


async def open_run(stage: Stage) -> SyncRun:
    run = await stage.start(Tier.MONTHLY_REFRESH)
    await rows(stage.db, "UPDATE sync_runs SET step = 'report'")
    return run


def files_of(stage: Stage) -> list[str]:
    return sorted(path.name for path in (stage.services.config.home / "reports").iterdir())


async def test_a_repeated_report_step_replaces_its_own_row_and_files(
    db: Database, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCALI_HOME", str(tmp_path))
    stage = Stage(db, clock)
    await DataQualityService(db, clock, load_config()).report()
    clock.advance(days=1)
    run = await open_run(stage)
    step = stage.services.steps(stage.services.run_jobs(stage.runner))["report"]
    await step(run)
    await add_live(db, "a", price=5)
    clock.advance(minutes=10)
    await step(run)
    kept = await rows(db, "SELECT run_id, figures FROM quality_reports ORDER BY created_at")
    assert [(each["run_id"], each["figures"]["listings"]) for each in kept] == [
        (None, 0),
        (run.id, 1),
    ]
    assert files_of(stage) == ["quality-2026-11-24-1200.html", "quality-2026-11-24-1200.md"]
    assert "+1" in (tmp_path / "reports" / "quality-2026-11-24-1200.md").read_text()


async def test_files_that_cannot_be_written_do_not_fail_the_run(
    db: Database,
    clock: FixedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("PINCALI_HOME", str(tmp_path))
    (tmp_path / "reports").write_text("in the way")
    stage = Stage(db, clock)
    await open_run(stage)
    with caplog.at_level(logging.ERROR):
        await stage.tick()
    [line] = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert "make room" in line
    assert "the figures are in quality_reports" in line
    [ended] = await rows(db, "SELECT status, details FROM sync_runs")
    assert ended["status"] == "completed"
    assert ended["details"]["quality"]["listings"] == 0
    assert await value(db, "SELECT count(*) FROM quality_reports WHERE run_id IS NOT NULL") == 1


async def test_other_tiers_make_no_report(stage: Stage, db: Database) -> None:
    await stage.start()
    await rows(db, "UPDATE sync_runs SET step = 'report'")
    await stage.tick()
    assert await value(db, "SELECT status FROM sync_runs") == "completed"
    assert await value(db, "SELECT count(*) FROM quality_reports") == 0


async def test_rules_that_cannot_be_applied_to_pages_are_passed_over_and_told(
    db: Database, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    await rows(
        db,
        """INSERT INTO validation_rules (rule_name, field_name, rule_type, rule_config)
           VALUES ('odd_regex', 'city', 'pattern', CAST(:config AS jsonb)),
                  ('odd_range', 'city', 'range', '{"min": 1}')""",
        config=json.dumps({"regex": "("}),
    )
    rules = await DataQualityService(db, clock, load_config()).load_rules()
    assert {"odd_regex", "odd_range"}.isdisjoint(rule.rule_name for rule in rules)
    assert len(rules) == 7
    told = [each.getMessage() for each in caplog.records]
    assert [line.split(":")[0] for line in told] == [
        "rule odd_range is passed over",
        "rule odd_regex is passed over",
    ]


@pytest.mark.usefixtures("configured")
def test_the_command_writes_a_report_and_says_what_matters(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, out, _ = say(capsys, "report")
    assert status == 0
    assert "Breaches of rules" in out
    page, summary = sorted((tmp_path / "home" / "reports").iterdir())
    assert (page.suffix, summary.suffix) == (".html", ".md")
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.usefixtures("configured")
def test_the_command_prints_json_and_writes_where_it_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, out, _ = say(capsys, "report", "--output", str(tmp_path / "elsewhere"), "--json")
    assert status == 0
    made: dict[str, Any] = json.loads(out)
    assert sorted(made["files"]) == sorted(map(str, (tmp_path / "elsewhere").iterdir()))
    assert made["report"]["figures"]["listings"] == 0
    assert made["report"]["previous"] is None


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("words", [("report",), ("export", "--format", "csv")])
def test_a_folder_within_one_that_is_not_there_is_refused_and_not_made(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    missing = tmp_path / "mistyped"
    status, _, err = say(capsys, *words, "--output", str(missing / "it"))
    assert status == 2
    assert str(missing) in err
    assert not missing.exists()


@pytest.mark.usefixtures("configured")
def test_a_folder_that_cannot_be_written_fails_the_command_with_the_remedy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    status, _, err = say(capsys, "report", "--output", str(tmp_path / "file"))
    assert status == 1
    assert "make room or give the right to write there" in err
    assert len(err.strip().splitlines()) == 1
    assert run(app, ["report", "--days", "3"]) == 2
