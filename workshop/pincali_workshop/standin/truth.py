"""What a right scrape of the site would yield, straight from the population."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal

from pincali_sync.domain.identity import canonical_url, property_id_of
from pincali_sync.domain.prices import Offer, main_offer
from pincali_workshop.standin.pages.language import ENGLISH
from pincali_workshop.standin.pages.wording import (
    description_of,
    detail_features,
    path_of,
    title_of,
)
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.localtime import local_date, utc_datetime
from pincali_workshop.standin.world.population import Population
from pincali_workshop.standin.world.rooms import NEW
from pincali_workshop.standin.world.state import ListingState


def truth_of(state: ListingState, form: str) -> dict[str, object]:
    """One listing as JSON, with the names of `items.Property` where it has them.

    Amounts and areas are numbers. `total_area_m2` is what the detail page shows; `card_area_m2`
    what the card does (the lot's size where nothing is built).
    """
    listing, path = state.listing, path_of(state, ENGLISH)
    return {
        "property_id": first_property_id_of(listing),
        "public_id": listing.public_id,
        "numeric_id": listing.numeric_id,
        "source_url": canonical_url(path),
        "slug": state.slug,
        "slugs": slugs_of(listing),
        "takes_over": listing.takes_over,
        "sources": [str(source) for source in listing.sources],
        "title": title_of(state, ENGLISH),
        "title_original": listing.wording.title_es,
        "translated": state.translated,
        "description": description_of(state, ENGLISH),
        "description_original": listing.wording.description_es,
        "property_type": listing.kind.english.lower(),
        **_prices(state.offers),
        **_place(listing),
        **_rooms(listing),
        "features": [feature.text for feature in detail_features(listing, form, ENGLISH)],
        "amenities": {
            group[0]: [name[0] for name in names]
            for group, names in listing.rooms.amenities.items()
        },
        "image_count": len(listing.photos),
        "agent_name": listing.agent,
        "agency_name": listing.agency,
        "agent_phone": None,
        "listing_date": local_date(listing.life.birth).isoformat(),
        "born_at": utc_datetime(listing.life.birth).isoformat(),
        "activated_at": utc_datetime(state.activated_at).isoformat(),
    }


def first_property_id_of(listing: Listing) -> str:
    """The id of a record that came under the listing's first slug."""
    url = canonical_url(ENGLISH.prefix + listing.names.all[0].slug)
    if not listing.takes_over:
        return property_id_of(url)
    digest = hashlib.md5(f"{url}#{listing.public_id}".encode(), usedforsecurity=False)
    return f"pincali_{digest.hexdigest()[:16]}"


def slugs_of(listing: Listing) -> list[dict[str, str]]:
    """All slugs of its life, future ones too, with the time from which each leads to it."""
    return [
        {"slug": name.slug, "since": utc_datetime(name.answers_from).isoformat()}
        for name in listing.names.all
    ]


def changes_between(
    population: Population, since: datetime, now: datetime
) -> dict[str, list[dict[str, object]]]:
    """What happened after `since` and still holds: births, prices, slugs, removals, returns.

    A listing that came and went in between is in none of the lists.
    """
    before = {state.listing.index: state for state in population.states(since)}
    changes: dict[str, list[dict[str, object]]] = {
        "born": [],
        "price_changed": [],
        "renamed": [],
        "removed": [],
        "relisted": [],
    }
    for state in population.states(now):
        for kind in _changes(before.get(state.listing.index), state):
            changes[kind].append(_change(before.get(state.listing.index), state))
    return changes


def _changes(old: ListingState | None, new: ListingState) -> list[str]:
    if old is None:
        return ["born"] if new.active else []
    if old.active and not new.active:
        return ["removed"]
    kinds = []
    if new.active and new.spell != old.spell:
        kinds.append("relisted")
    if new.active and old.active and new.offers != old.offers:
        kinds.append("price_changed")
    if new.active and old.active and new.slug != old.slug:
        kinds.append("renamed")
    return kinds


def _change(old: ListingState | None, new: ListingState) -> dict[str, object]:
    path = path_of(new, ENGLISH)
    return {
        "property_id": first_property_id_of(new.listing),
        "public_id": new.listing.public_id,
        "source_url": canonical_url(path),
        "sources": [str(source) for source in new.listing.sources],
        "offers": [_offer(offer) for offer in new.offers],
        "slug": new.slug,
        "old_slug": None if old is None else old.slug,
        "old_offers": None if old is None else [_offer(offer) for offer in old.offers],
    }


def _prices(offers: tuple[Offer, ...]) -> dict[str, object]:
    main = main_offer(offers) or offers[0]
    return {
        "offers": [_offer(offer) for offer in offers],
        "operation_type": str(main.operation),
        "currency": str(main.currency),
        "price": _number(main.amount),
    }


def _offer(offer: Offer) -> dict[str, object]:
    return {
        "operation": str(offer.operation),
        "amount": _number(offer.amount),
        "currency": str(offer.currency),
        "per_m2": offer.per_m2,
    }


def _place(listing: Listing) -> dict[str, object]:
    place = listing.place
    return {
        "address": place.address,
        "neighborhood": place.neighborhood,
        "city": place.city.name,
        "state": place.city.state,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "exact_location": place.exact,
    }


def _rooms(listing: Listing) -> dict[str, object]:
    rooms = listing.rooms
    return {
        "bedrooms": rooms.bedrooms,
        "bathrooms": rooms.bathrooms,
        "half_bathrooms": rooms.half_bathrooms,
        "parking_spaces": rooms.parking_spaces,
        "total_area_m2": _number(rooms.total_m2),
        "lot_size_m2": _number(rooms.lot_m2),
        "card_area_m2": _number(rooms.card_m2),
        "floor_number": rooms.floor,
        "construction_year": rooms.year_built or None,
        "age_years": 0 if rooms.year_built == NEW else None,
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
