"""A download handler that never answers, to be named in `DOWNLOAD_HANDLERS`."""

from __future__ import annotations

import asyncio

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.http import Response


class HangingHandler(BaseDownloadHandler):
    """Whatever limits there are, it heeds none."""

    async def download_request(self, request: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError("it was set by nobody")

    async def close(self) -> None:
        """There is nothing to close."""
