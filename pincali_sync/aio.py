"""What programs call in a running event loop; `pincali_sync` has the same without one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import index
from typing import SupportsIndex, TypedDict, TypeVar, Unpack

from pincali_sync.bootstrap import open_services
from pincali_sync.config import load_config
from pincali_sync.domain.listing_criteria import as_text
from pincali_sync.domain.listing_filter import FILTER_NAMES, ListingFilter, parse_filter
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.published import Change, Listing
from pincali_sync.exceptions import UsageError
from pincali_sync.single_property import scrape

__all__ = ["Criteria", "change_pages", "changes", "listing_pages", "listings", "scrape"]

_PAGE = 1_000
T = TypeVar("T")


class Criteria(TypedDict, total=False):
    """All of these hold for the listings that are wanted. Texts are read as the options of
    `pincali-sync listings` are; the same rules hold for values. None asks for nothing."""

    status: str | Iterable[ListingStatus] | None  # "present", "gone", "all" (usual), or states
    city: str | None  # without regard to case and accents, as all names
    place: str | None  # a neighbourhood, a city or a state
    property_type: str | None  # "house" or "casa"
    operation: str | None  # "sale" or "rent"
    price_min: float | Decimal | str | None  # both ends belong to a range
    price_max: float | Decimal | str | None
    currency: str | None  # of the prices: "MXN" (usual), "USD" or "EUR"
    first_seen_since: datetime | date | str | None  # ISO 8601, UTC if it names no zone; or "7d" ago
    first_seen_before: datetime | date | str | None
    changed_since: datetime | date | str | None
    words: str | None  # of title, description and place
    area: tuple[float, float, float, float] | str | None  # south, west, north, east in degrees


def listings(**criteria: Unpack[Criteria]) -> AsyncGenerator[Listing, None]:
    """Live listings, removed ones included unless `status` leaves them out, by `property_id`.

    Each is as it is when its page of a thousand is read: nothing is held open while the caller is
    at work, so that he may take his time. Who does not read to the end closes them, by
    `contextlib.aclosing`.

    Raises:
        UsageError: at once, for a criterion that is none, or cannot be read.
        ConfigError: when a variable is refused.
        DatabaseError: when the database cannot be reached, or is at another schema.
    """
    return _each(listing_pages(**criteria))


def listing_pages(**criteria: Unpack[Criteria]) -> AsyncGenerator[list[Listing], None]:
    """The same, a thousand at a time."""
    return _listing_pages(_filter_of(criteria))


def changes(after: int = 0, *, follow: bool = False) -> AsyncGenerator[Change, None]:
    """Entries of the feed beyond a cursor, each with its listing as it is now.

    Args:
        after: the position of the last entry that was read; 0 is the beginning.
        follow: whether to wait for more at the end, for ever.

    Raises:
        UsageError: when the cursor is none that this database gave; at once, when it is no number.
        ConfigError: when a variable is refused.
        DatabaseError: when the database cannot be reached, or goes away; the cursor is still good.
    """
    return _each(change_pages(after, follow=follow))


def change_pages(after: int = 0, *, follow: bool = False) -> AsyncGenerator[list[Change], None]:
    """The same, as many at a time as there are, a thousand at most."""
    return _change_pages(_cursor_of(after), follow=follow)


async def _change_pages(after: int, *, follow: bool) -> AsyncGenerator[list[Change], None]:
    async with open_services(load_config()) as services:
        read = services.feed.follow if follow else services.feed.walk
        async with aclosing(read(after, with_listing=True)) as pages:
            async for page in pages:
                yield page


async def _listing_pages(where: ListingFilter) -> AsyncGenerator[list[Listing], None]:
    after = ""
    async with open_services(load_config()) as services:
        while page := await services.exports.page(where, after=after, size=_PAGE):
            yield page
            after = page[-1].property_id


async def _each(pages: AsyncGenerator[list[T], None]) -> AsyncGenerator[T, None]:
    async with aclosing(pages):
        async for page in pages:
            for each in page:
                yield each


def _filter_of(criteria: Criteria) -> ListingFilter:
    if unknown := [name for name in criteria if name not in FILTER_NAMES]:
        raise UsageError(f"listings are not filtered by {unknown[0]!r}: {', '.join(FILTER_NAMES)}")
    texts = {name: as_text(name, value) for name, value in criteria.items() if value is not None}
    return parse_filter(texts, datetime.now(UTC))


def _cursor_of(after: SupportsIndex) -> int:
    try:
        if isinstance(after, bool):
            raise TypeError
        return index(after)
    except TypeError:
        raise UsageError(f"a cursor is a whole number, not {type(after).__name__}") from None
