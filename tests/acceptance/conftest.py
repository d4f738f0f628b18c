"""One stage for all acceptance tests: a site, a database and a Scrapyd node, as in the demo."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest
from pincali_workshop.demo.stage import Stage, busy_site
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess
from pincali_workshop.standin.world.churn import Churn

from tests.support.hostile_site import HostileSite
from tests.support.postgres import LentDatabase, administrator_of, fresh_database

Scrapy = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Everything the demo plays on, for the tests of one file."""
    stage = Stage(tmp_path_factory.mktemp("stage"), busy_site(150))
    try:
        stage.set_up()
        yield stage
    finally:
        stage.strike()


@pytest.fixture(scope="module")
def site() -> Iterator[StandinProcess]:
    """A site alone, for spiders that are started by hand."""
    options = StandinOptions(listings=200, churn=Churn(births=0.12, price_changes=0.10))
    with StandinProcess(options) as process:
        yield process


@pytest.fixture
async def lent_database(postgres_url: str, migrated_template: str) -> AsyncIterator[LentDatabase]:
    """Used once: a process that outlives its test is nobody else's guest."""
    with fresh_database(postgres_url, migrated_template) as url:
        lent = LentDatabase(url, administrator_of(postgres_url, url))
        yield lent
        await lent.close()


@pytest.fixture
def by_hand(site: StandinProcess, database_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of jobs by hand, against the site and a database of its own."""
    yield {
        "DATABASE_URL": database_url,
        "PINCALI_HOME": str(tmp_path),
        "PINCALI_BASE_URL": site.base_url,
        "SCRAPYD_URLS": "local",
        "SITE_MIN_GAP_SECONDS": "0",
        "PAGE_DELAY_SECONDS": "0",
        "DETAIL_DELAY_SECONDS": "0",
        "RETRY_BACKOFF_SECONDS": "0.01",
        "DETAIL_TRANSPORT": "http",
    }
    site.clear_faults()


@pytest.fixture
def scrapy(by_hand: dict[str, str], tmp_path: Path) -> Scrapy:
    """Runs `scrapy …` as an operator would."""

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scrapy", *arguments],
            env=environment({**by_hand, **more}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def hurried(hostile: HostileSite, database_url: str, home: Path) -> dict[str, str]:
    """Variables of crawls of a hostile site that wait no longer than they must."""
    return {
        "DATABASE_URL": database_url,
        "PINCALI_HOME": str(home),
        "PINCALI_BASE_URL": hostile.url,
        "SCRAPYD_URLS": "local",
        "SITE_MIN_GAP_SECONDS": "0.01",
        "PAGE_DELAY_SECONDS": "0",
    }


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "SCRAPY_SETTINGS_MODULE": "pincali_sync.settings", **variables}
