"""A job's heartbeat: nothing stops it, and a job that cannot beat does not go on."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from scrapy.crawler import Crawler
from scrapy.utils.test import get_crawler

from pincali_sync import crawl_job
from pincali_sync.bootstrap import Services
from pincali_sync.config import load_config
from pincali_sync.crawl_job import CrawlJob, JobRole
from pincali_sync.exceptions import DatabaseUnavailableError
from pincali_sync.extensions import heartbeat
from pincali_sync.extensions.heartbeat import Heartbeat
from pincali_sync.services.runs.job_service import JobTicket

LEASE = 5


class Database:
    """Where the job's signs of life go: each answers as it is told, the last one for ever."""

    def __init__(self, *answers: Exception | bool) -> None:
        self.answers = list(answers)
        self.beats, self.until, self.enough = 0, 0, asyncio.Event()

    async def heartbeat(self, ticket: JobTicket) -> bool:
        self.beats += 1
        if self.beats == self.until:
            self.enough.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def extend_leases(self, lease_token: object) -> int:
        return 1


class Life:
    """A job's heart, whose pauses take no time and move the steady clock on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, crawler: Crawler) -> None:
        self.seconds, self.closed_at = 0.0, 0.0
        self.closed, self.crawler = list[str](), crawler
        self.ended = asyncio.Event()
        monkeypatch.setattr("pincali_sync.repeating.steady_seconds", lambda: self.seconds)
        monkeypatch.setattr(heartbeat, "close_soon", self.close)

    def close(self, crawler: Crawler, reason: str) -> None:
        self.closed.append(reason)
        self.closed_at = self.seconds
        self.ended.set()

    async def pause(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)

    async def beat(self, database: Database, *, until: int) -> None:
        """Beats until the job was to be closed or so many beats were tried."""
        services = SimpleNamespace(
            jobs=database, queue=database, config=load_config(queue_lease_seconds=LEASE)
        )
        crawl_job._jobs[self.crawler] = CrawlJob(
            services=cast(Services, services),
            job_id=uuid4(),
            role=JobRole(spider="manifest"),
            _ticket=JobTicket(job_id=uuid4(), session_id=uuid4(), run_id=None),
        )
        extension = Heartbeat.from_crawler(self.crawler)
        extension.engine_started()
        assert extension._beating is not None
        extension._beating._sleep = self.pause
        await extension._beating.stop()
        extension._beating.start()
        database.until, database.enough = until, self.ended
        await asyncio.wait_for(self.ended.wait(), 10)
        await extension.spider_closed()

    def missed(self) -> Any:
        assert self.crawler.stats is not None
        return self.crawler.stats.get_value("sync/heartbeats_missed")


@pytest.fixture
async def life(monkeypatch: pytest.MonkeyPatch) -> Life:
    return Life(monkeypatch, get_crawler())


@pytest.mark.parametrize(
    "error", [DatabaseUnavailableError("gone"), ValueError("unforeseen"), TimeoutError()]
)
async def test_no_error_stops_the_heart(life: Life, error: Exception) -> None:
    database = Database(error, error, True)
    await life.beat(database, until=6)
    assert (life.closed, life.missed()) == ([], 2)


async def test_a_job_that_cannot_beat_for_as_long_as_its_leases_last_ends(life: Life) -> None:
    database = Database(True, ValueError("unforeseen"))
    await life.beat(database, until=50)
    assert life.closed == ["no_heartbeat"]
    assert LEASE < life.closed_at < 2 * LEASE
    assert life.missed() == database.beats - 1


async def test_a_job_that_was_given_up_ends(life: Life) -> None:
    await life.beat(Database(True, False), until=50)
    assert (life.closed, life.missed()) == (["superseded"], None)
