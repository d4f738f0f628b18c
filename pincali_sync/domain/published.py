"""What consumers are given, field by field: a listing of an export, an entry of the feed.

The columns of exports, the JSON schema that consumers pin and what programs are handed are made
from these classes. What may change in them without a new version of the schema: decision 51.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from pincali_sync.domain.listing_status import ListingStatus

SCHEMA_VERSION = 1
_DESCRIBED = ConfigDict(use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedOffer:
    """One price of a listing; a listing may have one per operation."""

    __pydantic_config__: ClassVar[ConfigDict] = _DESCRIBED

    operation: str
    """sale or rent"""
    amount: float | None
    """in `currency`; null: on request"""
    currency: str
    """MXN, USD or EUR"""
    per_m2: bool
    """whether the amount is for a square metre, not for the whole"""
    starting_at: bool
    """whether it is the cheapest unit's of a development"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A listing as exports show it: a row of `properties_live` and what follows from it.

    Money is in `currency`, areas are in m², times are UTC, null is "not known".
    """

    __pydantic_config__: ClassVar[ConfigDict] = _DESCRIBED

    property_id: str
    """given at first sight; it never changes"""
    public_id: str | None
    """the EasyBroker id, such as EB-AB1234"""
    listing_status: ListingStatus
    """whether it is on the site"""
    source_url: str
    """the listing's page, its canonical English URL"""
    title: str
    """as the site shows it in English"""
    title_original: str | None
    """in the advertiser's words"""
    description: str | None
    """the advertiser's text"""
    property_type: str | None
    """house, apartment, lot, ..."""
    operation_type: str | None
    """sale or rent; sale where it is both"""
    price: float | None
    """of `operation_type`, in `currency`, for what `price_unit` says; null: on request"""
    currency: str | None
    """MXN, USD or EUR"""
    price_unit: str
    """what `price` is for: total or m2"""
    price_per_m2: float | None
    """in `currency`, worked out from `price` and `total_area_m2`; null: not known, or below 0.01"""
    offers: list[PublishedOffer]
    """all prices, one per operation"""
    address: str | None
    """the street, where the page shows one"""
    neighborhood: str | None
    """the colonia"""
    city: str | None
    """the municipality"""
    state: str | None
    """the state of Mexico"""
    postal_code: str | None
    """five digits"""
    latitude: float | None
    """degrees, WGS 84"""
    longitude: float | None
    """degrees, WGS 84"""
    gps_coordinates: str | None
    """both in one, as the page writes them"""
    bedrooms: int | None
    """how many"""
    bathrooms: int | None
    """how many whole ones"""
    half_bathrooms: int | None
    """how many without a shower"""
    parking_spaces: int | None
    """how many"""
    total_area_m2: float | None
    """m²"""
    covered_area_m2: float | None
    """m² under a roof"""
    lot_size_m2: float | None
    """m² of land"""
    floor_number: int | None
    """on which floor it is"""
    total_floors: int | None
    """how many the building has"""
    age_years: int | None
    """years since it was built"""
    construction_year: int | None
    """when it was built"""
    features: list[str | None] | None
    """what the page says of the property"""
    amenities: list[str | None] | None
    """what the page says of what is around it"""
    main_image_url: str | None
    """the first photo"""
    image_urls: list[str | None] | None
    """all photos, in the page's order"""
    virtual_tour_url: str | None
    """where to walk through it"""
    video_url: str | None
    """where to see it"""
    agent_name: str | None
    """personal data: see docs/privacy.md"""
    agent_phone: str | None
    """personal data: see docs/privacy.md"""
    agent_email: str | None
    """personal data: see docs/privacy.md"""
    agency_name: str | None
    """who advertises"""
    message_url: str | None
    """where the site takes messages to the agent"""
    is_featured: bool | None
    """whether it was advertised as featured"""
    is_premium: bool | None
    """whether it was advertised as premium"""
    listing_date: date | None
    """when it was published, as the page says"""
    first_seen_at: datetime | None
    """when it was first seen here"""
    last_seen_at: datetime | None
    """when a page last showed it"""
    last_manifest_seen_at: datetime | None
    """when a complete scan last showed it"""
    last_full_scrape_at: datetime | None
    """when its own page was last read"""
    last_updated_at: datetime | None
    """when a field last changed"""
    data_completeness_score: float | None
    """share of the expected fields that are there, 0 to 1"""
    verification_status: str | None
    """flagged: its last page broke a rule of `validation_rules`, or its price waits for a person;
    verified: a person decided on its price, whatever rules say since; unverified: none of these"""
    removed_at: datetime | None
    """when it was found to be gone; null: it is there, or nobody noted when it went"""
    days_on_market: int | None
    """whole days since `first_seen_at`, the times from a removal to a return left out"""
    presence_as_of: datetime | None
    """when anything last showed that it is there"""
    price_as_of: datetime | None
    """when its page, or a card with this very price, last showed the price"""
    details_as_of: datetime | None
    """when its own page was last read"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedListing:
    """The listing of a change, as it is now and not as it was then."""

    __pydantic_config__: ClassVar[ConfigDict] = _DESCRIBED

    source_url: str
    """the listing's page"""
    title: str
    """as the site shows it in English"""
    price: float | None
    """in `currency`, for what `price_unit` says; null: on request"""
    currency: str | None
    """MXN, USD or EUR"""
    price_unit: str
    """what `price` is for: total or m2"""
    operation_type: str | None
    """sale or rent"""
    property_type: str | None
    """house, apartment, lot, ..."""
    city: str | None
    """the municipality"""
    listing_status: ListingStatus
    """whether it is on the site"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry of the feed: one change of one listing."""

    __pydantic_config__: ClassVar[ConfigDict] = _DESCRIBED

    position: int
    """its place in the feed, from 1 on; that of the last entry read is the cursor"""
    property_id: str
    """whose change"""
    change_type: Literal["created", "updated", "removed", "reactivated"]
    """what kind"""
    field_name: str | None
    """the column of the listing that changed; null: the listing as a whole"""
    old_value: Any
    """before; null: there was none"""
    new_value: Any
    """after; null: there is none"""
    reason: str | None
    """why, where that is not plain"""
    created_at: datetime
    """when it was noted"""
    listing: ChangedListing | None = None
    """whose change it is; null: two records turned out to be one, and this one is the other"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookData:
    """What a message tells."""

    __pydantic_config__: ClassVar[ConfigDict] = _DESCRIBED

    schema: int
    """the version of this schema"""
    cursor: int
    """the position of the last change in it: what `changes --after` goes on from"""
    changes: list[Change]
    """in the feed's order"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessage:
    """The body of a webhook."""

    __pydantic_config__: ClassVar[ConfigDict] = _DESCRIBED

    type: Literal["listings.changed", "webhooks.test"]
    """what it is about; a test holds no changes"""
    timestamp: datetime
    """when the last change in it was noted; of a test, when it was sent"""
    data: WebhookData
    """what it tells"""
