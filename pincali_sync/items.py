"""What the pages say, as frozen values that travel between the layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, TypeVar, get_origin, get_type_hints

from pincali_sync.domain.liveness import Answer, Judgement
from pincali_sync.domain.page_facts import PageFacts
from pincali_sync.domain.prices import Offer, main_offer


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """The answer to a GET, redirects not followed; `status` None: there was none."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    error: str | None = None

    @property
    def failure(self) -> str:
        """What to say of an answer that is of no use."""
        return self.error or f"HTTP {self.status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """One card of a listing page: what can be known without visiting the detail page."""

    property_id: str  # computed from source_url; the record may be known under another
    source_url: str  # canonical English URL
    public_id: str | None  # EasyBroker id such as "EB-SR3456": outlives slug changes
    offers: tuple[Offer, ...]
    listing_page_title: str | None
    latitude: float | None
    longitude: float | None
    exact_location: bool | None  # False: the pin is the neighbourhood's centre
    property_type: str | None = None
    neighborhood: str | None = None
    city: str | None = None
    bedrooms: int | None = None
    bathrooms: int | None = None
    total_area_m2: Decimal | None = None
    main_image_url: str | None = None

    @property
    def listing_page_price(self) -> Decimal | None:
        """The main offer's; what is stored heeds the operation of the live row."""
        main = main_offer(self.offers)
        return main.amount if main else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage:
    """What one listing page's markup says, before it is known which scan asked for it."""

    total_listings: int | None  # what the site declares for the whole query
    total_pages: int | None
    next_page: str | None  # path and query of the next page; None on the last
    entries: tuple[ManifestEntry, ...]
    unreadable_cards: tuple[str, ...] = ()  # one reason for each card that is no entry


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestPage:
    """One listing page as a scan read it: the manifest spider's item."""

    url: str
    source: str  # ListingSource value: sale, rent, foreclosure, new_construction
    page_number: int  # 1-based
    page: ListingPage
    partition: str = ""  # of the source's pages: of which part; empty: of the plain query
    facts: PageFacts | None = None  # what the walk goes on by


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPage:
    """A listing page that could not be read after all its attempts."""

    url: str
    source: str
    page_number: int
    error: str
    partition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedShard:
    """A shard of the sitemap: the sitemap spider's only item."""

    url: str
    body: bytes | None  # None: it did not change since it was read last
    etag: str | None = None
    last_modified: str | None = None
    dated_at: datetime | None = None  # what it shows is as old as this; None: as told


T = TypeVar("T")
# What every complete record shows: the share of these that is there is its completeness.
Expected = Annotated[T, "expected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One detail page, field for field a row of `properties_live` (plus the last three)."""

    property_id: str
    source_url: str
    title: Expected[str]
    description: Expected[str | None] = None
    property_type: Expected[str | None] = None  # house, apartment, lot, ...
    operation_type: Expected[str | None] = None  # sale or rent; sale where the listing is both
    address: str | None = None  # street, where the page shows one
    neighborhood: Expected[str | None] = None
    city: Expected[str | None] = None
    state: Expected[str | None] = None
    postal_code: str | None = None
    latitude: Expected[float | None] = None
    longitude: Expected[float | None] = None
    gps_coordinates: str | None = None  # "lat,lng"
    price: Expected[Decimal | None] = None  # the offer of operation_type
    currency: Expected[str | None] = None
    price_per_m2: Decimal | None = None
    bedrooms: int | None = None
    bathrooms: int | None = None
    half_bathrooms: int | None = None
    parking_spaces: int | None = None
    total_area_m2: Decimal | None = None
    covered_area_m2: Decimal | None = None  # built
    lot_size_m2: Decimal | None = None
    floor_number: int | None = None
    total_floors: int | None = None
    age_years: int | None = None
    construction_year: int | None = None
    features: tuple[str, ...] = ()  # the feature chips as shown
    amenities: dict[str, tuple[str, ...]] = field(default_factory=dict)  # group -> names
    main_image_url: Expected[str | None] = None
    image_urls: Expected[tuple[str, ...]] = ()
    virtual_tour_url: str | None = None
    video_url: str | None = None
    agent_name: Expected[str | None] = None
    agent_phone: str | None = None  # only when the page shows it to anyone
    agent_email: str | None = None
    agency_name: Expected[str | None] = None
    message_url: str | None = None
    is_featured: bool = False
    is_premium: bool = False
    listing_date: Expected[date | None] = None
    public_id: Expected[str | None] = None
    title_original: str | None = None
    offers: tuple[Offer, ...] = ()

    @property
    def price_unit(self) -> str:
        """What `price` is for: "total" or "m2"."""
        offer = main_offer(self.offers)
        return "total" if offer is None else offer.unit


_TYPES = get_type_hints(Property, include_extras=True)
EXPECTED_FIELDS = tuple(name for name, kind in _TYPES.items() if get_origin(kind) is Annotated)
# With what not every listing has, and people look for: a lot has no bedrooms, few pages show an
# e-mail. The rest is there always, or says nothing of a record's worth.
_OMITTED = "property_id source_url gps_coordinates is_featured is_premium title_original offers"
COVERED_FIELDS = EXPECTED_FIELDS + tuple(
    name for name in _TYPES if name not in {*EXPECTED_FIELDS, *_OMITTED.split()}
)


# Without news of a listing, its page is asked for so often in seven days.
FETCHES_A_WEEK = 2
ANOTHER_TRY = "another_try"  # the reason of rows whose page was asked for in vain before
CANARY = "canary"  # of those that were asked for beside the queue, and are not kept
# Why a page may be queued; rows of earlier versions may say other things.
QUEUE_REASONS = (
    *("new_property", "price_change", "relisted", "sitemap", "stale_data", "random_sample"),
    *("verification", "removal_audit", ANOTHER_TRY),
)
_NO_NEWS = {"stale_data", "random_sample", "verification", "removal_audit", ANOTHER_TRY}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedProperty:
    """One detail page to fetch, leased to one worker."""

    property_id: str
    source_url: str
    public_id: str | None  # what the page must show, where it is known
    id: str = ""  # of the queue row; none: a page that is looked at although nobody queued it
    priority: int = 3
    queue_reason: str = "verification"
    queued_at: datetime | None = None
    attempt_count: int = 1  # this attempt included
    fetched_lately: int = 0  # attempts of other rows within seven days, less lost ones of its own
    was_no_page: bool = False  # what came last was no page of the site

    def may_be_asked_again(self, max_attempts: int) -> bool:
        """Whether a further attempt is left."""
        spent = self.attempt_count + self.fetched_lately
        is_news = self.queue_reason not in _NO_NEWS
        return self.attempt_count < max_attempts and (is_news or spent < FETCHES_A_WEEK)


class Ending(StrEnum):
    """How a fetched page's queue row ends: its next status."""

    DONE = "completed"
    AGAIN = "pending"  # another try may help; set aside after the last
    FAILED = "failed"  # another try would not
    GONE = "cancelled"  # the page is not there: no verdict on the listing, and no failure


# How an error begins where what came is none of its pages. The function that claims knows it, too.
NO_PAGE = "no page of the site"
# How it begins where the page was the listing's, and neither proved it there nor gone. What rests
# knows it, too.
UNCLEAR = "unclear whether it is there"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityVerdict:
    """What the rules say about one page."""

    errors: tuple[str, ...]  # any: the page is staged for a person and not promoted
    warnings: tuple[str, ...]  # any: promoted, and flagged
    completeness: Decimal  # share of the expected fields that are there, 0.00 to 1.00

    @property
    def accepted(self) -> bool:
        """Whether the page may be promoted."""
        return not self.errors


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeResult:
    """What fetching one queued detail page led to: a page, or an error; from spider to table."""

    queued: QueuedProperty
    scraped: Property | None = None
    error: str | None = None
    error_type: str = "detail_error"  # or detail_http_error
    shows_another: bool = False  # the page is another listing's: saved as that one's
    is_no_page: bool = False  # the error: what came is none of the site's
    tells_nothing: bool = False  # the error: maybe the site's, and not this page's
    ending: Ending = Ending.AGAIN  # of a page: once it was judged
    verdict: QualityVerdict | None = None  # of a page that was judged
    # Of a page that says that its listing can no longer be had: kept as evidence.
    answer: Answer | None = None
    judgement: Judgement | None = None

    def excused(self) -> ScrapeResult:
        """The same as what came of a site that failed: no page of the site's."""
        return replace(self, error=f"{NO_PAGE}: {self.error}", is_no_page=True)

    @property
    def is_unclear(self) -> bool:
        """The page was the listing's, and neither proved it there nor gone."""
        return self.judgement is not None and not self.judgement.verdict.removes

    @property
    def is_free(self) -> bool:
        """No attempt is held against the row, the second time in a row it may be this page."""
        return self.is_no_page and not self.queued.was_no_page

    def ending_after(self, max_attempts: int) -> Ending:
        """How its queue row ends: set aside where no further attempt is left."""
        is_last = not (self.is_free or self.queued.may_be_asked_again(max_attempts))
        return Ending.FAILED if self.ending is Ending.AGAIN and is_last else self.ending
