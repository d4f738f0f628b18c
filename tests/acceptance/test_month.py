"""Twenty-eight virtual days of all four tiers over HTTP, compared with the truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def month() -> dict[str, Any]:
    """What the command says at the end; it brings its own database and site."""
    played = subprocess.run(
        [
            *(sys.executable, "-m", "pincali_sync.cli", "simulate"),
            *("--days=28", "--listings=3000", "--json"),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "DATABASE_URL": ""},
        check=False,
    )
    assert played.stdout, f"the month was not played: {played.stderr[-2000:]}"
    report: dict[str, Any] = json.loads(played.stdout)
    return report


@pytest.fixture(scope="module")
def findings(month: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = month["findings"]
    return found


def test_every_run_of_every_tier_ended_and_none_failed(month: dict[str, Any]) -> None:
    tiers = [run["tier"] for run in month["runs"]]
    assert {tier: tiers.count(tier) > 0 for tier in range(1, 5)} == dict.fromkeys(range(1, 5), True)
    assert tiers.count(1) > 75
    assert {run["status"] for run in month["runs"]} == {"completed"}


def test_every_newcomer_of_the_first_pages_was_live_after_the_next_scan(
    findings: dict[str, Any],
) -> None:
    assert findings["new_shown"] > 1_000
    assert findings["new_not_live"] == []


def test_no_price_change_was_missed_or_made_up(findings: dict[str, Any]) -> None:
    assert findings["prices_compared"] > 50_000
    assert findings["prices_missed"] == []
    assert findings["price_visits"] > 500
    assert findings["prices_invented"] == []


def test_nothing_that_was_there_was_removed(findings: dict[str, Any]) -> None:
    assert findings["removed"] > 500
    assert findings["removed_falsely"] == []


def test_what_was_gone_for_two_certified_scans_was_noticed(findings: dict[str, Any]) -> None:
    assert findings["gone_for_two_scans"] > 500
    assert len(findings["gone_not_noticed"]) <= 0.01 * findings["gone_for_two_scans"]


def test_listings_that_came_back_after_their_removal_were_noticed(
    findings: dict[str, Any],
) -> None:
    assert findings["returned"] > 10
    assert findings["return_not_noticed"] == []


def test_the_queue_never_passed_its_ceiling(month: dict[str, Any]) -> None:
    assert 0 < month["findings"]["most_pending"] <= month["ceiling"]


def test_nobody_was_called_for_what_passed_by_itself(month: dict[str, Any]) -> None:
    assert month["alerts"] == []


def test_the_weekly_audits_found_no_removal_that_was_wrong(month: dict[str, Any]) -> None:
    assert month["false_positive_rate"] == 0.0
