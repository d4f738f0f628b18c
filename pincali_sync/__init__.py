"""Pincali Sync keeps a PostgreSQL database of pincali.com listings true to within hours.

For programs::

    import pincali_sync

    house = pincali_sync.scrape("https://www.pincali.com/en/home/...")
    for listing in pincali_sync.listings(city="Zapopan", price_max=3_000_000):
        print(listing.title, listing.price)
    for change in pincali_sync.changes(after=0):
        print(change.position, change.change_type)

They are configured as the commands are, by variables and `.env`, and raise errors that are a
`PincaliSyncError`. In a running event loop use `pincali_sync.aio`, which has the same functions.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pincali_sync import aio
    from pincali_sync.blocking import changes, listings, scrape
    from pincali_sync.domain.published import Change, ChangedListing, Listing, PublishedOffer
    from pincali_sync.exceptions import (
        BlockedError,
        BrowserMissingError,
        ConfigError,
        DatabaseError,
        PageError,
        PausedError,
        PincaliSyncError,
        UsageError,
    )
    from pincali_sync.items import Property

__all__ = [
    "BlockedError",
    "BrowserMissingError",
    "Change",
    "ChangedListing",
    "ConfigError",
    "DatabaseError",
    "Listing",
    "PageError",
    "PausedError",
    "PincaliSyncError",
    "Property",
    "PublishedOffer",
    "UsageError",
    "aio",
    "changes",
    "listings",
    "scrape",
]

# Where each of them is: loaded when it is asked for, as spiders and commands import this, too.
_HOMES = {
    **dict.fromkeys(("changes", "listings", "scrape"), "pincali_sync.blocking"),
    **dict.fromkeys(
        ("Change", "ChangedListing", "Listing", "PublishedOffer"), "pincali_sync.domain.published"
    ),
    "Property": "pincali_sync.items",
}

if not TYPE_CHECKING:  # which would take any name for one that is there

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "aio":
            return import_module("pincali_sync.aio")
        return getattr(import_module(_HOMES.get(name, "pincali_sync.exceptions")), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
