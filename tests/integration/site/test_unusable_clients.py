"""What the environment names and httpx cannot use keeps nothing from its work: it is a failure."""

from __future__ import annotations

import base64

import pytest

from pincali_sync.cli import tier_runner
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import BlockedError, ConfigError
from pincali_sync.notify import HealthcheckPing
from pincali_sync.runner.fetch import fetch
from pincali_sync.runner.webhook import post
from pincali_sync.services.export.change_feed import ChangeFeedService
from pincali_sync.services.export.webhooks import WebhookService
from pincali_sync.single_property import scrape
from tests.support.builders import rows
from tests.support.clock import FixedClock
from tests.support.postgres import execute

NOWHERE = "http://127.0.0.1:1/"
SECRET = f"whsec_{base64.b64encode(b'a key of our own, for tests only').decode()}"


@pytest.fixture(
    params=[
        ("ALL_PROXY", "socks5://127.0.0.1:1", "ImportError"),  # httpx's package for it is not there
        ("ALL_PROXY", "nonsense://127.0.0.1:1", "ValueError"),
        ("SSL_CERT_FILE", "/nowhere/certificates.pem", "FileNotFoundError"),
    ]
)
def fault(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What keeps any client from being made."""
    variable, value, fault = request.param
    monkeypatch.setenv(variable, value)
    return str(fault)


async def test_a_ping_that_cannot_be_sent_is_logged(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    await HealthcheckPing(NOWHERE).started()
    assert f"HEALTHCHECK_URL: the ping failed: {fault}" in caplog.text


@pytest.mark.usefixtures("fault")
def test_a_tick_does_its_work_all_the_same(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"DATABASE_URL": database_url, "SCRAPYD_URLS": "local", "HEALTHCHECK_URL": NOWHERE}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["tier_runner.py"])
    execute(
        database_url,
        """INSERT INTO sync_runs (tier_level, status, step, started_at, completed_at)
           SELECT tier, 'completed', 'done', now(), now() FROM generate_series(1, 4) AS tier""",
    )
    assert tier_runner.main() == 0


async def test_a_webhook_that_cannot_be_sent_counts_as_failing(
    fault: str, db: Database, clock: FixedClock
) -> None:
    config = load_config(webhook_urls=NOWHERE, webhook_secret=SECRET)
    webhooks = WebhookService(db, clock, config, ChangeFeedService(db, clock, config), post)
    await webhooks.send()
    await rows(
        db, "INSERT INTO property_changes (property_id, change_type) VALUES ('a', 'created')"
    )
    [sent] = await webhooks.send()
    assert sent.failure == fault
    [(_, state)] = await webhooks.states()
    assert state is not None
    assert state.failing_since == clock.now()


async def test_a_page_that_cannot_be_asked_for_is_no_answer(fault: str) -> None:
    config = load_config(pincali_base_url=NOWHERE.rstrip("/"))
    answer = await fetch(config, NOWHERE)
    assert (answer.status, answer.failure.partition(":")[0]) == (None, fault)


async def test_the_library_says_so_in_its_own_words(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCALI_BASE_URL", NOWHERE.rstrip("/"))
    monkeypatch.setenv("SITE_MIN_GAP_SECONDS", "0")
    monkeypatch.setenv("DETAIL_TRANSPORT", "http")
    with pytest.raises(BlockedError, match=f"robots.txt cannot be read: {fault}"):
        await scrape("/en/home/casa-1")


@pytest.mark.usefixtures("fault")
async def test_headers_that_cannot_be_read_are_told_before_anything_else() -> None:
    config = load_config(
        pincali_base_url=NOWHERE.rstrip("/"), extra_headers_file="/nowhere/headers"
    )
    with pytest.raises(ConfigError, match="EXTRA_HEADERS_FILE"):
        await fetch(config, NOWHERE)
