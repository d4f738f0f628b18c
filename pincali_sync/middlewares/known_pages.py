"""Pages that must be there, asked for when others fail: they tell whether that is the site's."""

from __future__ import annotations

from collections.abc import Collection

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http.request import NO_CALLBACK

from pincali_sync.answers.detail import detail_url
from pincali_sync.config import load_config
from pincali_sync.crawl_job import Component, fetched, is_ending
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.exceptions import DatabaseError
from pincali_sync.pages.own_page import what_is_missing

IS_KNOWN = "is_known"  # request.meta: asked for here, and judged here alone
_OK = 200
_MOST_ASKED = 3  # one may be gone since it was seen


class KnownPages(Component):
    """Of the kind that fails: for a worker listings seen lately, else the sources' first pages.

    Listing pages may well be shown while no listing's page is.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._base_url = load_config().pincali_base_url

    async def show_one(self, like: Request, *, but: Collection[str]) -> bool:
        """Whether one of some is shown, asked for in the way of a request that failed.

        Args:
            but: URLs that are not asked for, since they failed.
        """
        known = await self._listings() if self._job.role.is_worker else self._first_pages()
        for url in [each for each in known if each not in but][:_MOST_ASKED]:
            if property_id := known[url]:
                await self._job.services.verification.note_canaries({property_id: 1})
            if await self._is_shown(url, like):
                return True
        return False

    async def _listings(self) -> dict[str, str | None]:
        """Their URLs and records."""
        canaries = await self._job.services.verification.canaries()
        return {detail_url(self._base_url, each.source_url): each.property_id for each in canaries}

    def _first_pages(self) -> dict[str, str | None]:
        return {f"{self._base_url}{each.path}": None for each in ListingSource}

    async def _is_shown(self, url: str, like: Request) -> bool:
        assert self._crawler.engine is not None
        request = like.replace(
            url=url,
            callback=NO_CALLBACK,
            errback=None,
            cb_kwargs={},
            meta={**like.meta, IS_KNOWN: True, "dont_retry": True},
            dont_filter=True,
        )
        try:
            answer = fetched(await self._crawler.engine.download_async(request))
        except DatabaseError:
            raise
        except Exception:
            if is_ending(self._crawler):
                raise  # refused, or told to end: nothing was learnt
            return False  # whatever came of it: it was not shown
        return answer.status == _OK and what_is_missing(answer) is None
