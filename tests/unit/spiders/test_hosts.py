"""Where the site's name leads to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from scrapy.settings import Settings
from twisted.internet.base import ThreadedResolver
from twisted.internet.defer import Deferred, succeed

from pincali_sync import settings
from pincali_sync.domain.limits import Askable
from pincali_sync.middlewares.hosts import PublicResolver

SITE = "www.pincali.com"


@pytest.fixture
def resolver() -> PublicResolver:
    """As spiders have it."""
    ours = Settings()
    ours.setmodule(settings)
    process, reactor = SimpleNamespace(settings=ours), object()
    return PublicResolver.from_crawler(cast(Any, process), cast(Any, reactor))


def test_a_site_that_moves_is_followed_and_each_address_is_looked_at(
    resolver: PublicResolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = ["8.8.8.8", "9.9.9.9", "127.0.0.1", "1.1.1.1"]
    look = Askable.objection_to_address
    looked_at: list[str] = []

    def look_up(*_: object) -> Deferred[str]:
        return succeed(addresses[len(looked_at)])

    def look_at(askable: Askable, host: str, address: str) -> str | None:
        looked_at.append(address)
        return look(askable, host, address)

    monkeypatch.setattr(ThreadedResolver, "getHostByName", look_up)
    monkeypatch.setattr(Askable, "objection_to_address", look_at)
    found: list[Any] = []
    for _ in addresses:
        resolver.getHostByName(SITE).addBoth(found.append)
    assert looked_at == addresses
    refused = found.pop(2)
    assert found == ["8.8.8.8", "9.9.9.9", "1.1.1.1"]
    assert "127.0.0.1, which is not public" in str(refused.value)
