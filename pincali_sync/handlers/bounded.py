"""The download handler of plain HTTP. Scrapy bounds the body of an answer, this also its head."""

from __future__ import annotations

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.crawler import Crawler
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import Request as TwistedRequest
from twisted.web.client import _HTTP11ClientFactory
from twisted.web.iweb import IResponse

from pincali_sync.domain.limits import MAX_HEAD_BYTES


class _Parser(_LenientHTTPClientParser):
    _received = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802  # Twisted's naming
        self._received += len(line)
        if self._received > MAX_HEAD_BYTES:
            raise ValueError(f"the answer's headers are longer than {MAX_HEAD_BYTES:,} bytes")
        super().lineReceived(line)


class _Protocol(_LenientHTTP11ClientProtocol):
    def request(self, request: TwistedRequest) -> Deferred[IResponse]:
        answer = super().request(request)
        assert self._parser is not None
        self._parser.__class__ = _Parser  # as Scrapy does: Twisted's makes one of a fixed class
        return answer


class _Factory(_HTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> _Protocol:  # noqa: N802  # the same
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class BoundedDownloadHandler(HTTP11DownloadHandler):
    """Gives up an answer whose headers do not end."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _Factory
