"""What a spider meets when it asks the database itself: the crawl ends, in a line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from pincali_sync.crawl_job import NO_DATABASE, Component, end_without_database
from pincali_sync.exceptions import DatabaseError


class DatabaseMiddleware(Component):
    """Without it, Scrapy would log a traceback and go on."""

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Raises: CloseSpider: when the next request could not be found out."""
        try:
            async for each in start:
                yield each
        except DatabaseError as error:
            end_without_database(self._crawler, error)
            raise CloseSpider(NO_DATABASE) from error

    def process_spider_exception(
        self, response: Response, exception: Exception
    ) -> list[Any] | None:
        """Nothing comes of a page then; it is read again when the job starts again."""
        if not isinstance(exception, DatabaseError):
            return None
        end_without_database(self._crawler, exception)
        return []
