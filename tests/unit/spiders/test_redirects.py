"""A redirect is an answer, in whatever way a page sends us elsewhere."""

from __future__ import annotations

import pytest
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware, RedirectMiddleware
from scrapy.exceptions import NotConfigured
from scrapy.settings import Settings


@pytest.mark.parametrize("middleware", [RedirectMiddleware, MetaRefreshMiddleware])
def test_scrapy_itself_follows_nowhere(
    middleware: type[RedirectMiddleware | MetaRefreshMiddleware],
) -> None:
    settings = Settings()
    settings.setmodule("pincali_sync.settings")
    with pytest.raises(NotConfigured):
        middleware(settings)
