"""What was agreed with the site goes with requests to it, and with no others."""

from __future__ import annotations

from scrapy import Request
from scrapy.crawler import Crawler

from pincali_sync.agreed_headers import agreed_headers
from pincali_sync.config import load_config
from pincali_sync.crawl_job import Component


class AgreedHeadersMiddleware(Component):
    """Sets them anew on each request: one that was redirected elsewhere loses them.

    Raises:
        ConfigError: as `agreed_headers` does, before any request.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._config = load_config()
        self._names = tuple(agreed_headers(self._config, self._config.pincali_base_url))

    def process_request(self, request: Request) -> None:
        """Adds or removes them."""
        for name in self._names:
            request.headers.pop(name, None)
        for name, value in agreed_headers(self._config, request.url).items():
            request.headers[name] = value
