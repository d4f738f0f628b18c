"""What the product reads off a listing's card and page, straight from the population.

A test holds these to what the parsers give of the stand-in's pages.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from pincali_sync.domain.identity import CANONICAL_ROOT, property_id_of
from pincali_sync.domain.numbers import numeric
from pincali_sync.domain.prices import Offer, main_offer
from pincali_sync.items import ManifestEntry, Property
from pincali_workshop.standin.pages.language import ENGLISH
from pincali_workshop.standin.pages.photos import photo_urls
from pincali_workshop.standin.pages.wording import description_of, detail_features, title_of
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.localtime import local_date
from pincali_workshop.standin.world.rooms import NEW, Rooms
from pincali_workshop.standin.world.state import ListingState

FORM = "2026"
_CENT = Decimal("0.01")
_PER_M2_PRECISION = 10  # numeric(10,2)


def card_of(state: ListingState, base_url: str) -> ManifestEntry:
    """The card of a listing page, as `pages.listing_page` reads it."""
    listing, rooms = state.listing, state.listing.rooms
    source_url = CANONICAL_ROOT + state.slug
    area = rooms.card_m2
    return ManifestEntry(
        property_id=property_id_of(source_url),
        source_url=source_url,
        public_id=listing.public_id,
        offers=offers_of(state),
        listing_page_title=title_of(state, ENGLISH),
        latitude=listing.place.latitude,
        longitude=listing.place.longitude,
        exact_location=listing.place.exact,
        property_type=listing.kind.english.lower(),
        neighborhood=listing.place.neighborhood,
        city=listing.place.city.name,
        bedrooms=rooms.bedrooms,
        bathrooms=rooms.bathrooms,
        total_area_m2=None if area is None else area.quantize(_CENT),
        main_image_url=_first_photo(listing, base_url),
    )


def page_of(state: ListingState, base_url: str) -> Property:
    """The listing's own page, as `pages.detail_page` reads it."""
    listing, offers = state.listing, offers_of(state)
    source_url = CANONICAL_ROOT + state.slug
    main, place, rooms = main_offer(offers), listing.place, listing.rooms
    photos = tuple(photo_urls(listing, base_url))
    area = None if rooms.total_m2 is None else rooms.total_m2.quantize(_CENT)
    original = listing.wording.title_es if state.translated else None
    return Property(
        property_id=property_id_of(source_url),
        source_url=source_url,
        public_id=listing.public_id,
        title=title_of(state, ENGLISH),
        title_original=original,
        description=description_of(state, ENGLISH),
        property_type=listing.kind.english.lower(),
        operation_type=main.operation.value if main else None,
        address=place.address,
        neighborhood=place.neighborhood,
        city=place.city.name,
        state=place.city.state,
        latitude=place.latitude,
        longitude=place.longitude,
        gps_coordinates=f"{place.latitude},{place.longitude}",
        offers=offers,
        price=main.amount if main else None,
        currency=main.currency.value if main else None,
        price_per_m2=_per_m2(main, area),
        **_sizes(rooms),
        features=tuple(each.text for each in detail_features(listing, FORM, ENGLISH)),
        amenities={
            group[0]: tuple(name[0] for name in names) for group, names in rooms.amenities.items()
        },
        main_image_url=photos[0],
        image_urls=photos,
        agent_name=listing.agent,
        agency_name=listing.agency,
        message_url=f"https://www.pincali.com/home/{listing.wording.slug}/messages",
        listing_date=local_date(listing.life.birth),
    )


def _sizes(rooms: Rooms) -> dict[str, Any]:
    return {
        "bedrooms": rooms.bedrooms,
        "bathrooms": rooms.bathrooms,
        "half_bathrooms": rooms.half_bathrooms,
        "parking_spaces": rooms.parking_spaces,
        "total_area_m2": None if rooms.total_m2 is None else rooms.total_m2.quantize(_CENT),
        "lot_size_m2": None if rooms.lot_m2 is None else rooms.lot_m2.quantize(_CENT),
        "floor_number": rooms.floor,
        "age_years": 0 if rooms.year_built == NEW else None,
        "construction_year": rooms.year_built or None,
    }


def offers_of(state: ListingState) -> tuple[Offer, ...]:
    """What it asks, with amounts as they are stored."""
    return tuple(
        replace(offer, amount=None if offer.amount is None else offer.amount.quantize(_CENT))
        for offer in state.offers
    )


def _first_photo(listing: Listing, base_url: str) -> str:
    photo = listing.photos[0]
    folder = f"{base_url}/property_images/{listing.numeric_id}"
    return (
        f"{folder}/{photo.photo_id}/{listing.public_id}.{photo.extension}"
        f"?height=300&version={photo.version}&width=450"
    )


def _per_m2(offer: Offer | None, area: Decimal | None) -> Decimal | None:
    if offer is None or offer.amount is None:
        return None
    if offer.per_m2:
        return offer.amount
    return numeric(offer.amount / area, _PER_M2_PRECISION) if area else None
