"""Which live listings somebody wants: one filter for pages, commands, exports and programs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from pincali_sync.domain.listing_query import ENGLISH_TYPES
from pincali_sync.domain.listing_status import PRESENT, REMOVED, ListingStatus
from pincali_sync.domain.numbers import decimal_of
from pincali_sync.domain.prices import MOST, Currency, Operation
from pincali_sync.domain.signs import without_accents
from pincali_sync.exceptions import UsageError
from pincali_sync.language import _

# States by the words that stand for several of them.
STATUS_GROUPS: Mapping[str, tuple[ListingStatus, ...]] = {
    "present": PRESENT,
    "gone": REMOVED,
    "all": tuple(ListingStatus),
}
_LONGEST = 200  # characters of a value
_AGO = re.compile(r"([0-9]{1,4}) ?([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

Word = TypeVar("Word", bound=StrEnum)


class Area(NamedTuple):
    """A part of the map, in degrees; its edges belong to it."""

    south: float
    west: float
    north: float
    east: float

    def __str__(self) -> str:
        return ",".join(f"{each:.6f}".rstrip("0").rstrip(".") for each in self)


class ListingOrder(StrEnum):
    """What comes first."""

    NEWEST = "newest"  # by when it was first seen
    OLDEST = "oldest"
    CHANGED = "changed"  # what has news, the latest first
    CHEAPEST = "cheapest"  # in one currency
    DEAREST = "dearest"

    @property
    def is_of_prices(self) -> bool:
        """Whether prices are compared: then only listings with one are shown."""
        return self in {ListingOrder.CHEAPEST, ListingOrder.DEAREST}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFilter:
    """All of this holds for a wanted listing; what is None, or empty, is not asked for.

    Names are compared without regard to case and accents.

    Raises:
        UsageError: when a range ends before it begins.
    """

    status: tuple[ListingStatus, ...] = ()
    city: str | None = None
    place: str | None = None  # a neighbourhood, a city or a state
    property_type: str | None = None  # in the site's English words or its Spanish ones
    operation: Operation | None = None  # of its main offer
    price_min: Decimal | None = None  # both ends belong to a range
    price_max: Decimal | None = None
    currency: Currency | None = None  # of a price that is one for the whole
    first_seen_since: datetime | None = None
    first_seen_before: datetime | None = None  # not at that very moment
    changed_since: datetime | None = None  # whatever was written down about it
    words: str | None = None  # of title, description and place, as one searches the web
    area: Area | None = None

    def __post_init__(self) -> None:
        for start, end in _RANGES:
            least, most = getattr(self, start), getattr(self, end)
            if least is not None and most is not None and most < least:
                raise UsageError(f"{end} lies before {start}: nothing can be in between")

    @property
    def prices_in(self) -> Currency | None:
        """The currency that prices must be in to be compared; None where none is asked for."""
        is_compared = self.price_min is not None or self.price_max is not None
        return self.currency or (Currency.MXN if is_compared else None)


_RANGES = (("price_min", "price_max"), ("first_seen_since", "first_seen_before"))


def parse_filter(given: Mapping[str, str], now: datetime, *, zone: tzinfo = UTC) -> ListingFilter:
    """Reads what people and programs write: `ListingFilter`'s names with texts.

    States are named in a list with commas, or as "present", "gone" or "all"; moments in ISO 8601 or
    as so long ago ("36h", "7d", "2w"); an area as its south, west, north and east in degrees. An
    empty text asks for nothing.

    Args:
        zone: of dates and times that name none.

    Raises:
        UsageError: for a name that there is not, or a value that cannot be read: it names both.
    """
    values: dict[str, Any] = {}
    for name, text in given.items():
        if name not in _READERS:
            raise UsageError(f"listings are not filtered by {name!r}: {', '.join(_READERS)}")
        value = unicodedata.normalize("NFC", text).strip()
        if not value:
            continue
        try:
            if len(value) > _LONGEST or not value.isprintable():
                raise ValueError(
                    _("at most %(most)s characters, all of them visible", most=_LONGEST)
                )
            values[name] = _READERS[name](value, now, zone)
        except (ValueError, OverflowError) as error:
            raise UsageError(f"{name} {value[:_LONGEST]!r}: {error}") from None
    return ListingFilter(**values)


def with_moments_of(zone: tzinfo, given: Mapping[str, str]) -> dict[str, str]:
    """The same texts, which are read in this zone, for a reader in whatever zone.

    How long ago something was stays as it is written.
    """
    return {name: _anywhere(name, text.strip(), zone) for name, text in given.items()}


def _anywhere(name: str, text: str, zone: tzinfo) -> str:
    if _READERS[name] is not _moment or not text or _AGO.fullmatch(text.lower()):
        return text
    return _absolute(text, zone).isoformat()


def parse_order(text: str) -> ListingOrder:
    """Raises: UsageError: for a word that is no order."""
    try:
        return _word(ListingOrder)(text)
    except ValueError as error:
        raise UsageError(f"sort {text[:_LONGEST]!r}: {error}") from None


def _text(value: str) -> str:
    return " ".join(value.split())


def _word(kind: type[Word]) -> Callable[[str], Word]:
    def read(value: str) -> Word:
        try:
            return kind(value if value in set(kind) else _cased(value, kind))
        except ValueError:
            raise ValueError(_("give one of %(words)s", words=", ".join(kind))) from None

    return read


def _cased(value: str, kind: Iterable[str]) -> str:
    return next((each for each in kind if each.lower() == value.lower()), value)


def _statuses(value: str) -> tuple[ListingStatus, ...]:
    names = [each.strip().lower() for each in value.split(",")]
    if len(names) == 1 and names[0] in STATUS_GROUPS:
        return STATUS_GROUPS[names[0]]
    if not set(names) <= set(ListingStatus):
        known = ", ".join((*STATUS_GROUPS, *ListingStatus))
        raise ValueError(_("give one of %(words)s", words=known))
    return tuple(ListingStatus(each) for each in dict.fromkeys(names))


def _type(value: str) -> str:
    bare = without_accents(_text(value).lower())
    return ENGLISH_TYPES.get(bare, bare)


def _amount(value: str) -> Decimal:
    amount = decimal_of(value.lstrip("$ "), dot_may_group=True)
    if amount is None or amount > MOST:
        raise ValueError(_("give an amount such as 2500000 or 2,500,000"))
    return amount


def _moment(value: str, now: datetime, zone: tzinfo) -> datetime:
    if ago := _AGO.fullmatch(value.lower()):
        return now - int(ago[1]) * _UNITS[ago[2]]
    return _absolute(value, zone)


def _absolute(value: str, zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(
            _("give a date or time such as 2026-11-01 or 2026-11-01T06:30:00Z, or how long ago: 7d")
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _area(value: str) -> Area:
    try:
        area = Area(*map(float, value.split(",")))
        # nan is in no order
        if not (-90 <= area.south <= area.north <= 90 and -180 <= area.west <= area.east <= 180):
            raise ValueError
    except (TypeError, ValueError):
        raise ValueError(
            _("give south,west,north,east in degrees: 20.6,-103.5,20.8,-103.2")
        ) from None
    return area


def _plainly(read: Callable[[str], Any]) -> Callable[[str, datetime, tzinfo], Any]:
    return lambda value, _now, _zone: read(value)


_READERS: Mapping[str, Callable[[str, datetime, tzinfo], Any]] = {
    "status": _plainly(_statuses),
    "city": _plainly(_text),
    "place": _plainly(_text),
    "property_type": _plainly(_type),
    "operation": _plainly(_word(Operation)),
    "price_min": _plainly(_amount),
    "price_max": _plainly(_amount),
    "currency": _plainly(_word(Currency)),
    "first_seen_since": _moment,
    "first_seen_before": _moment,
    "changed_since": _moment,
    "words": _plainly(_text),
    "area": _plainly(_area),
}
FILTER_NAMES = tuple(_READERS)
