"""Where the photos are: the real site's path, on the stand-in's own host."""

from __future__ import annotations

from pincali_workshop.standin.world.listing import Listing

_MAX_CARD_PHOTOS = 10


def photo_urls(listing: Listing, base_url: str) -> list[str]:
    """All photos of a listing, full size, in their order."""
    folder = f"{base_url}/property_images/{listing.numeric_id}"
    return [
        f"{folder}/{photo.photo_id}/{listing.public_id}.{photo.extension}?version={photo.version}"
        for photo in listing.photos
    ]


def card_photo_urls(listing: Listing, base_url: str) -> list[str]:
    """The at most ten photos of a card, 450 by 300."""
    folder = f"{base_url}/property_images/{listing.numeric_id}"
    return [
        f"{folder}/{photo.photo_id}/{listing.public_id}.{photo.extension}"
        f"?height=300&version={photo.version}&width=450"
        for photo in listing.photos[:_MAX_CARD_PHOTOS]
    ]
