"""Nobody is asked but the site and the hosts of its sitemap, and those at public addresses only."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from pincali_sync.config import load_config
from pincali_sync.crawl_job import Component
from pincali_sync.domain.limits import Askable

logger = logging.getLogger(__name__)


class HostsMiddleware(Component):
    """First of all: wherever a redirect or the sitemap leads, the request ends here."""

    def process_request(self, request: Request) -> None:
        """Raises: IgnoreRequest: for any other host."""
        objection = self._askable.objection(request.url)
        if objection is not None:
            raise IgnoreRequest(objection)


class PublicResolver(CachingThreadedResolver):
    """Refuses names of the site's that lead to this machine or its network."""

    _askable: Askable

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Called by Scrapy."""
        resolver = super().from_crawler(crawler, reactor)
        resolver._askable = Askable.of(load_config())
        return resolver

    def getHostByName(  # noqa: N802  # Twisted's naming
        self, name: str, timeout: Sequence[int] = ()
    ) -> Deferred[str]:
        """An address, looked up for each connection and looked at each time."""
        return super().getHostByName(name, timeout).addCallback(self._look_at, name)

    def _look_at(self, address: str, name: str) -> str:
        objection = self._askable.objection_to_address(name, address)
        if objection is not None:
            logger.error("a name leads astray: %s", objection)
            raise DNSLookupError(objection)
        return address
