"""What programs call in a running event loop; `pincali_sync` has the same without one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypedDict, TypeVar, Unpack

from pincali_sync.bootstrap import open_services
from pincali_sync.config import load_config
from pincali_sync.domain.listing_filter import FILTER_NAMES, Area, ListingFilter, parse_filter
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.published import Change, Listing
from pincali_sync.exceptions import UsageError
from pincali_sync.single_property import scrape

__all__ = ["Criteria", "change_pages", "changes", "listing_pages", "listings", "scrape"]

_PAGE = 1_000
T = TypeVar("T")


class Criteria(TypedDict, total=False):
    """All of these hold for the listings that are wanted. Texts are read as the options of
    `pincali-sync listings` are."""

    status: str | Sequence[ListingStatus]  # "present", "gone", "all" (usual), or states
    city: str  # without regard to case and accents, as all names
    place: str  # a neighbourhood, a city or a state
    property_type: str  # "house" or "casa"
    operation: str  # "sale" or "rent"
    price_min: float | Decimal | str  # both ends belong to a range
    price_max: float | Decimal | str
    currency: str  # of the prices: "MXN" (usual), "USD" or "EUR"
    first_seen_since: datetime | str  # ISO 8601, UTC unless it says otherwise; or "7d" ago
    first_seen_before: datetime | str
    changed_since: datetime | str
    words: str  # of title, description and place
    area: tuple[float, float, float, float] | str  # south, west, north, east in degrees


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
        UsageError: when the cursor is none that this database gave.
        ConfigError: when a variable is refused.
        DatabaseError: when the database cannot be reached, or goes away; the cursor is still good.
    """
    return _each(change_pages(after, follow=follow))


async def change_pages(
    after: int = 0, *, follow: bool = False
) -> AsyncGenerator[list[Change], None]:
    """The same, as many at a time as there are, a thousand at most."""
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
    texts = {name: value for name, value in criteria.items() if isinstance(value, str)}
    others = {name: value for name, value in criteria.items() if name not in texts}
    try:
        values = {name: _plain(value) for name, value in others.items()}
        return replace(parse_filter(texts, datetime.now(UTC)), **values)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise UsageError(f"listings cannot be filtered by {others}: {error}") from None


def _plain(value: Any) -> Any:
    """A value as the filter holds it."""
    match value:
        case bool():
            raise TypeError
        case int() | float():
            return Decimal(str(value))
        case datetime():
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        case [float() | int(), float() | int(), float() | int(), float() | int()]:
            return Area(*value)
        case Sequence():
            return tuple(map(ListingStatus, value))
    return value
