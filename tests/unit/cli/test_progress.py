"""The line about what goes on, and what a full scan takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pincali_sync.cli import progress
from pincali_sync.cli.progress import Estimator, last_progress, progress_line
from pincali_sync.db.repositories.queue.queue import RunQueueCounts
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.coverage import SourceScan
from pincali_sync.domain.estimates import FullScan
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.services.runs.run_figures import RunProgress, SourceProgress


def under_way(run: SyncRun, *, read: int, queued: int, done: int) -> RunProgress:
    queue = RunQueueCounts(
        queued=queued, open=queued - done, completed=done, failed=0, open_verifications=0
    )
    source = SourceProgress(source="sale", pages_read=read, pages_lost=0, pages_expected=400)
    return RunProgress(run=run, sources=(source,), queue=queue)


def run_at(step: str) -> SyncRun:
    values: dict[str, Any] = dict.fromkeys(SyncRun.__dataclass_fields__, 0)
    values |= {"id": uuid4(), "tier_level": 3, "status": "running", "step": step}
    return SyncRun(**{**values, "details": RunNotes()})


def test_the_line_tells_step_pages_details_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(progress, "monotonic", lambda: now)
    estimator, run = Estimator(), run_at("scan")
    first = estimator.line_of([under_way(run, read=100, queued=0, done=0)])
    assert first == "tier 3: reading listing pages, pages 100 of 400"
    now = 60.0
    then = estimator.line_of([under_way(run, read=150, queued=1_200, done=0)])
    assert then == (
        "tier 3: reading listing pages, pages 150 of 400, details 0 of 1,200, about 5 min left"
    )


def test_where_no_terminal_shows_it_a_line_is_said_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(progress, "monotonic", lambda: now)
    with progress_line() as tell:
        for moment, text in ((1.0, "a"), (61.0, "b"), (90.0, "c"), (130.0, "b"), (131.0, "d")):
            now = moment
            tell(text)
    with progress_line(quiet=True) as tell:
        tell("never")
    assert capsys.readouterr() == ("", "b\nd\n")


def test_a_jobs_log_tells_how_far_it_is(tmp_path: Path) -> None:
    assert last_progress(tmp_path / "none.log") is None
    (tmp_path / "job.log").write_text("x\n [p] progress: 1 of 4\n [p] progress: 2 of 4\nend\n")
    assert last_progress(tmp_path / "job.log") == "2 of 4"


@pytest.mark.parametrize(("cards", "pages"), [(24, 19_584), (42, 11_191)])
def test_a_full_scan_is_counted_by_the_cards_that_a_page_shows(cards: int, pages: int) -> None:
    scans = [SourceScan(source="sale", declared_total=470_000, declared_pages=pages)]
    scan = FullScan.of(scans, page_cap=100_000, gap_seconds=1.5)
    assert (scan.cards_a_page, scan.pages, scan.seconds) == (cards, pages + 1, (pages + 1) * 1.5)
    assert FullScan.of([], page_cap=100, gap_seconds=1.5).cards_a_page is None
