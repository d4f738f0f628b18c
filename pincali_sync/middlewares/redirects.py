"""Redirects are answers; only those of robots.txt and of the sitemap are followed."""

from __future__ import annotations

from scrapy import Request
from scrapy.http import Response

from pincali_sync.crawl_job import Component, fetched
from pincali_sync.domain.headers import redirect_target

# request.meta
REDIRECTS_LEFT = "redirects_left"  # how many more are followed
IS_ROBOTS = "is_robots"


class RedirectsMiddleware(Component):
    """Follows as many redirects as a request allows; the new one is looked at like any other."""

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """The next request, or the answer."""
        left = request.meta.get(REDIRECTS_LEFT, 0)
        location = fetched(response).headers.get("location")
        target = redirect_target(response.url, response.status, location)
        if not left or target is None:
            return response
        meta = {**request.meta, REDIRECTS_LEFT: left - 1}
        return request.replace(url=target, meta=meta, dont_filter=True)
