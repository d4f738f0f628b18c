"""What Scrapy hands to callbacks, as the layers below take it."""

from __future__ import annotations

from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from pincali_sync.items import FetchedPage
from pincali_sync.middlewares.blocking import header_map


def fetched(response: Response) -> FetchedPage:
    """A callback's answer."""
    return FetchedPage(status=response.status, headers=header_map(response), body=response.body)


def failed(failure: Failure) -> FetchedPage:
    """An errback's: a status that no callback takes, or none at all."""
    if isinstance(failure.value, HttpError):
        return fetched(failure.value.response)
    kind = failure.type.__name__ if failure.type else "error"
    return FetchedPage(status=None, error=f"{kind}: {failure.getErrorMessage()}")
