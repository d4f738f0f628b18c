"""What the figures of a quality report are called."""

from __future__ import annotations

from pincali_sync.db.repositories.quality.oddities import MOST_ALIKE

ANOMALIES = {
    "price_of_nothing": "Price of 0 or 1",
    "price_per_m2": "Price per m² far from that of its kind",
    "total_area": "Area far from that of its kind",
    "outside_mexico": "Coordinates outside Mexico",
    "same_title": f"More than {MOST_ALIKE} listings with one title",
    "listed_in_the_future": "Listing date in the future",
}
DUPLICATES = {
    "same_public_id": "The same EasyBroker id",
    "same_url": "The same URL",
    "same_offer_at_the_same_place": "The same title, offer and coordinates",
}
SAMPLES = {
    "there": "their page was there",
    "with_price_news": "price, currency or operation had changed",
    "with_news": "anything had changed",
    "gone": "their page was gone",
    "failed": "their page could not be read",
}
REMOVALS = {
    "gone": "still gone",
    "sold": "still sold or rented",
    "alive": "alive",
    "unknown": "no clear answer",
    "waiting": "not looked at yet",
}
OPERATIONS = {"sale": "Sale", "rent": "Rent", "other": "Other"}


def field(name: str) -> str:
    """A column as people call it: `total_area_m2` as "total area m²"."""
    if name == "public_id":
        return "EasyBroker id"
    return name.replace("_", " ").replace(" m2", " m²").replace(" url", " URL")


def age(name: str) -> str:
    """A class of age: "7-14" as "7 to 14 days"."""
    if name == "never":
        return "never visited"
    return f"{name.replace('-', ' to ').replace('+', ' and more')} days"
