"""A dry run reads the site and writes nothing; a first run says what it will take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pincali_workshop.demo.past import move_back
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.db.engine import Database
from tests.support.builders import rows, value

pytestmark = pytest.mark.timeout(180)


def pincali_sync(
    site: StandinProcess, database_url: str, home: Path, *words: str, answer: str | None = None
) -> subprocess.CompletedProcess[str]:
    variables = {
        "DATABASE_URL": database_url,
        "PINCALI_HOME": str(home),
        "PINCALI_BASE_URL": site.base_url,
        "SCRAPYD_URLS": "local",
        "SITE_MIN_GAP_SECONDS": "0",
        "PAGE_DELAY_SECONDS": "0",
        "DETAIL_DELAY_SECONDS": "0",
        "RETRY_BACKOFF_SECONDS": "0.01",
        "DETAIL_TRANSPORT": "http",
        "DRAIN_WINDOW_MINUTES": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "pincali_sync.cli", *words],
        env={**os.environ, **variables},
        cwd=home,
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )


async def contents(db: Database) -> dict[str, int]:
    tables = await rows(
        db, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    )
    return {
        row["tablename"]: await value(db, f"SELECT count(*) FROM {row['tablename']}")
        for row in tables
    }


def report(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


async def test_a_dry_run_reports_what_a_run_then_does_and_writes_nothing(
    site: StandinProcess, database_url: str, db: Database, tmp_path: Path
) -> None:
    empty = await contents(db)
    promised = report(pincali_sync(site, database_url, tmp_path, "tier3", "--dry-run", "--json"))
    assert await contents(db) == empty
    listings = len(site.truth()["listings"])
    assert promised["properties_seen"] == promised["new_properties"] == listings
    assert promised["would_queue"] == listings
    assert promised["missing"] == promised["price_changes"] == 0
    assert promised["distrust"] == []
    assert all("first certified scan" in line for line in promised["uncertified"])

    asked = pincali_sync(site, database_url, tmp_path, "first-run", answer="n\n")
    assert (asked.returncode, await contents(db)) == (0, empty), asked.stderr
    assert "cards on a page" in asked.stdout

    first = report(pincali_sync(site, database_url, tmp_path, "first-run", "--yes", "--json"))
    assert first["estimate"]["listing_pages"] == promised["pages_read"]  # page 1 twice
    assert first["run"]["status"] == "completed"
    assert first["run"]["properties_in_manifest"] == promised["properties_seen"]

    site.advance(2 * 86_400)
    move_back(database_url, timedelta(days=2))
    before = await contents(db)
    again = report(pincali_sync(site, database_url, tmp_path, "tier3", "--dry-run", "--json"))
    assert await contents(db) == before
    assert again["missing"] > 0
    assert again["likely_removed"] == 0
    assert again["new_properties"] > 0
    assert again["uncertified"] == []
    month = report(pincali_sync(site, database_url, tmp_path, "tier4", "--dry-run", "--json"))
    assert month["random_sample"] == round(listings / 10)
    assert await contents(db) == before
