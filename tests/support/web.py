"""The dashboard, without a server unless a test is about that."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from parsel import Selector
from starlette.types import ASGIApp

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.web.app import create_app
from pincali_sync.web.server import server_of
from pincali_sync.web.snapshots import SnapshotKeeper
from tests.support.builders import SITE, Workshop
from tests.support.clock import FixedClock

TOKEN = "a token for tests, long enough"
HOST = "dashboard.test"
BASE_URL = f"http://{HOST}"


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """One dashboard, and who writes what it shows."""

    app: ASGIApp
    services: Services
    snapshots: SnapshotKeeper
    client: httpx.AsyncClient
    clock: FixedClock
    shop: Workshop

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """A page, with the figures of right now."""
        await self.snapshots.read_once()
        return await self.client.get(path, headers=headers)

    async def page(self, path: str) -> Selector:
        """A page that must be there, parsed."""
        response = await self.get(path)
        assert response.status_code == 200, response.text
        return Selector(response.text)

    async def text(self, path: str) -> str:
        """What a page says, words only."""
        return words_of(await self.page(path))

    async def post(
        self, path: str, fields: dict[str, Any], *, token: str = TOKEN, **headers: str
    ) -> httpx.Response:
        """A form sent from a page of the dashboard's own unless headers say otherwise."""
        return await self.client.post(
            path, data={**fields, "token": token}, headers={"origin": BASE_URL, **headers}
        )


def row_of(page: Selector, caption: str, first: str) -> list[str]:
    """The cells of the row that begins so, in the table with this caption."""
    [table] = page.xpath(f"//table[caption = '{caption}']")
    for row in table.css("tbody tr"):
        cells = [
            " ".join("".join(cell.css("::text").getall()).split()) for cell in row.css("th, td")
        ]
        if any(each.startswith(first) for each in cells[:2]):
            return cells
    raise AssertionError(f"no row {first!r} in {caption!r}")


def words_of(page: Selector) -> str:
    """The text of the main part on one line."""
    return " ".join(" ".join(page.css("main ::text").getall()).split())


def fields_of(page: Selector) -> dict[str, str]:
    """What the page's only form that posts would send, the token aside."""
    [form] = page.css('form[method="post"]')
    return {
        each.attrib["name"]: each.attrib.get("value", "")
        for each in form.css('input[type="hidden"]')
    }


def said(response: httpx.Response) -> str:
    """What the page says after a form that was taken."""
    assert response.status_code == 303, response.text
    return response.headers["location"].partition("?said=")[2]


@asynccontextmanager
async def dashboard_on(
    db: Database, clock: FixedClock, *, token: str | None = TOKEN, listens_on: str = "127.0.0.1"
) -> AsyncIterator[Dashboard]:
    """A dashboard on this database."""
    config = load_config(
        pincali_base_url=SITE, web_token=token, web_hosts=HOST, scrapyd_urls=("local",)
    )
    services = build_services(config, clock=clock, db=db)
    snapshots = SnapshotKeeper(services.insights.snapshot, clock)
    app = create_app(services, snapshots=snapshots, hosts=(listens_on,))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield Dashboard(
            app=app,
            services=services,
            snapshots=snapshots,
            client=client,
            clock=clock,
            shop=Workshop(db=db, clock=clock),
        )


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[int]:
    """The application on a port of this machine, as the command serves it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = server_of(app, host="127.0.0.1")
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task
