"""Batches of removals that were held when one was not the only one: the upgrade joins them."""

from __future__ import annotations

from uuid import UUID

import pytest
from alembic import command

from pincali_sync.db import migrate
from tests.integration.database.test_one_row import add, run
from tests.support.postgres import fresh_database

pytestmark = pytest.mark.slow

BEFORE = "0013_hot_rows"
STATES = ("applied", "held", "held", "open")


def test_those_that_are_held_join_the_oldest_and_a_downgrade_takes_them(
    postgres_url: str, migrated_template: str
) -> None:
    with fresh_database(postgres_url, migrated_template) as url:
        config = migrate.alembic_config(url)
        command.downgrade(config, BEFORE)
        ids = [UUID(int=number) for number, _ in enumerate(STATES, 1)]
        for day, (each, state) in enumerate(zip(ids, STATES, strict=True), 1):
            at = f"2026-11-{day:02} 12:00+00"
            add(url, "scraping_sessions", id=each, base_url="x", started_at=at)
            add(
                url,
                "removal_batches",
                **{"id": each, "session_id": each, "status": state, "created_at": at},
                would_remove=60 + day,
            )
            add(
                url,
                "removal_checks",
                **{"property_id": f"house-{day}", "batch_id": each, "verdict": "gone"},
                **{"evidence": "HTTP 404", "url": "x", "checked_at": at},
            )
        migrate.upgrade(url)
        batches = run(url, "SELECT status, told_of FROM removal_batches ORDER BY created_at")
        checks = run(url, "SELECT batch_id, missed_session_id FROM removal_checks ORDER BY 1, 2")
        command.downgrade(config, BEFORE)
        before = run(url, "SELECT status FROM removal_batches ORDER BY created_at")
    assert [row["status"] for row in batches] == ["applied", "held", "joined", "open"]
    assert batches[1]["told_of"] == 62
    assert [row["batch_id"] for row in checks] == [ids[0], ids[1], ids[1], ids[3]]
    assert [row["missed_session_id"] for row in checks] == [None, *ids[1:]]
    assert [row["status"] for row in before] == ["applied", "held", "applied", "open"]
