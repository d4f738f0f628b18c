"""A flagged listing says what it is flagged for, on its page and in the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from pincali_sync.db.engine import Database
from tests.support.builders import detail, id_of, rent, rows, sale
from tests.support.cli import say
from tests.support.clock import FixedClock
from tests.support.web import Dashboard, dashboard_on, words_of

UNUSUAL = "its price is unusual, and waits for a person"


@pytest.fixture
async def dashboard(
    db: Database, clock: FixedClock, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Dashboard]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    async with dashboard_on(db, clock) as dashboard:
        yield dashboard


async def told(dashboard: Dashboard, capsys: pytest.CaptureFixture[str], slug: str) -> str:
    """What both say of its flag, from there on."""
    page = words_of(await dashboard.page(f"/properties/{id_of(slug)}"))
    _, out, _ = await asyncio.to_thread(say, capsys, "explain", id_of(slug))
    flag = " ".join(out.split()).partition("flagged: ")[2]
    assert ("flagged: " in page) == bool(flag)
    assert page.partition("flagged: ")[2][:40] == flag[:40]
    return flag


async def test_a_flag_names_the_broken_rules_and_the_review(
    db: Database, dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = replace(dashboard.shop, rules=await dashboard.services.quality.load_rules())
    for slug in ("blue-house", "red-house"):
        await shop.visit(detail(slug, sale(2_000_000)))
    assert await told(dashboard, capsys, "blue-house") == ""
    await shop.visit(detail("blue-house", sale(2)))
    flag = await told(dashboard, capsys, "blue-house")
    assert flag.startswith(f"it breaks the rule price_range, {UNUSUAL}")
    await rows(db, "DELETE FROM validation_rules")
    assert (await told(dashboard, capsys, "blue-house")).startswith(UNUSUAL)
    await rows(db, "UPDATE properties_live SET verification_status = 'flagged'")
    flag = await told(dashboard, capsys, "red-house")
    assert flag.startswith("its last page broke a rule that it would meet now")


async def test_the_terminal_shows_offers_as_prices(
    dashboard: Dashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    await dashboard.shop.visit(detail("blue-house", sale(2_000_000), rent(9_000)))
    await dashboard.shop.visit(detail("blue-house", sale(1_900_000), rent(9_500)))
    _, out, _ = await asyncio.to_thread(say, capsys, "explain", id_of("blue-house"), "--all")
    assert "sale 2,000,000 MXN; rent 9,000 MXN" in out
    assert "{'" not in out
