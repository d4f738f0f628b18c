"""The JSON-LD that the search pages of 2026 hold for most of their cards."""

from __future__ import annotations

from datetime import date

from pincali_sync.domain.identity import canonical_url
from pincali_sync.domain.prices import Offer
from pincali_workshop.standin.pages.language import ENGLISH
from pincali_workshop.standin.pages.markup import json_script
from pincali_workshop.standin.pages.photos import card_photo_urls
from pincali_workshop.standin.pages.wording import path_of, title_of
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.localtime import local_date
from pincali_workshop.standin.world.state import ListingState


def twin_html(state: ListingState, base_url: str) -> str:
    """A card's `RealEstateListing`; nothing for the few cards that have none.

    Like the real ones it does not say which of two prices is the rent, and marks no price as one
    per m².
    """
    listing = state.listing
    if not listing.has_twin:
        return ""
    url = canonical_url(path_of(state, ENGLISH))
    return json_script(
        {
            "@context": "https://schema.org",
            "@type": "RealEstateListing",
            "@id": url,
            "url": url,
            "name": title_of(state, ENGLISH),
            "image": card_photo_urls(listing, base_url)[:1],
            "description": listing.wording.description_es.split("\n")[0],
            "category": listing.kind.english,
            **_floor_size(listing),
            "address": address_json(listing),
            "offers": offers_json(state.offers),
            "datePosted": date_posted(listing).isoformat(),
        }
    )


def address_json(listing: Listing) -> dict[str, str]:
    """The address without the street."""
    city = listing.place.city
    return {
        "@type": "PostalAddress",
        "addressLocality": city.name,
        "addressRegion": city.state,
        "addressCountry": "MX",
    }


def offers_json(offers: tuple[Offer, ...], availability: str | None = None) -> object:
    """A list for two prices, an object for one, and empty for a price on request.

    Args:
        availability: a word of schema.org, such as "InStock".
    """
    said = {} if availability is None else {"availability": f"https://schema.org/{availability}"}
    priced = [
        {"@type": "Offer", "price": _plain(offer), "priceCurrency": str(offer.currency), **said}
        for offer in offers
        if offer.amount is not None
    ]
    return priced[0] if len(priced) == 1 else priced


def date_posted(listing: Listing) -> date:
    """The day on which the listing came."""
    return local_date(listing.life.birth)


def _floor_size(listing: Listing) -> dict[str, object]:
    area = listing.rooms.card_m2
    if area is None:
        return {}
    size = {"@type": "QuantitativeValue", "value": float(area), "unitCode": "MTK"}
    return {"floorSize": size}


def _plain(offer: Offer) -> float | int:
    amount = float(offer.amount or 0)
    return int(amount) if amount.is_integer() else amount
