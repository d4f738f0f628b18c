"""One card of a listing page, in the markup of 2025 (`li`) and of 2026 (`div`, with JSON-LD)."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from pincali_sync.domain.identity import linked_listing, property_id_of, public_id_of
from pincali_sync.domain.prices import Operation
from pincali_sync.exceptions import PageError
from pincali_sync.items import ManifestEntry
from pincali_sync.pages.facts import MAX_CHIPS, Chip, Facts, floor_size_chip, read_facts
from pincali_sync.pages.photos import photo_of, photo_url
from pincali_sync.pages.places import MAX_PLACE, Place, coordinates_of, place_of, property_type_of
from pincali_sync.pages.prices import declared_currencies, offers_of
from pincali_sync.pages.text import (
    MAX_TITLE,
    JsonObject,
    attribute_at,
    clean,
    facts_text_of,
    one_line,
    part,
    text_at,
)

_PUBLIC_ID = re.compile(r"EB-[A-Z]{1,4}[0-9]{4}")
_NUMERIC_ID = re.compile(r"[0-9]{5,12}")
_OF_PHOTO = re.compile(r"/property_images/([0-9]{5,12})/")
_EXACTNESS = {"true": True, "false": False}


def parse_card(
    card: LexborNode, twins: dict[str, JsonObject], operation: Operation | None, url: str
) -> ManifestEntry:
    """Reads one card.

    Args:
        twins: the page's JSON-LD objects by canonical URL; not every card has one.
        operation: of the page's query, for prices that do not name theirs.
        url: of the page.

    Raises:
        PageError: for a card without a link to a listing of the site.
    """
    source_url = linked_listing(_link(card), url)
    twin = twins.get(source_url, {})
    facts = _facts(card, twin)
    attributes = card.attributes
    point = coordinates_of(attributes.get("data-lat"), attributes.get("data-long"))
    return ManifestEntry(
        property_id=property_id_of(source_url),
        source_url=source_url,
        public_id=_public_id(card),
        offers=offers_of(card.css(".price"), operation, declared_currencies((twin,))),
        listing_page_title=_title(card, twin),
        latitude=point.latitude if point else None,
        longitude=point.longitude if point else None,
        exact_location=_EXACTNESS.get(attributes.get("data-exact-location") or ""),
        **_place(card, twin),
        bedrooms=facts.get("bedrooms"),
        bathrooms=facts.get("bathrooms"),
        total_area_m2=facts.get("total_area_m2"),
        main_image_url=_main_image(card, twin, url),
    )


def _link(card: LexborNode) -> str:
    link = card.css_first("a.property__content[href]") or card.css_first("a[href]")
    href = link.attributes.get("href") if link else None
    if not href:
        raise PageError(f"card {_public_id(card) or 'without id'} has no link")
    return href


def _public_id(card: LexborNode) -> str | None:
    """The EasyBroker id: since 2026 on the card, before that from the numeric one inside it; else
    from its photos, which lie under that number."""
    declared = _PUBLIC_ID.fullmatch((card.attrs.get("data-id") or "").strip())
    if declared:
        return declared[0]
    number = (attribute_at(card, ".favorite-button[data-id]", "data-id") or "").strip()
    if not _NUMERIC_ID.fullmatch(number):
        shown = {match[1] for match in map(_OF_PHOTO.search, _photos(card)) if match}
        number = shown.pop() if len(shown) == 1 else ""
    return public_id_of(int(number)) if number and int(number) >= 10_000 else None


def _photos(card: LexborNode) -> list[str]:
    images = card.css(".swiper-slide img")
    return [each.attributes.get("data-src") or each.attributes.get("src") or "" for each in images]


def _title(card: LexborNode, twin: JsonObject) -> str | None:
    title = card.css_first(".property__content .title") or card.css_first(".title")
    shown = clean(title.text(), MAX_TITLE) if title else None
    return shown or clean(twin.get("name"), MAX_TITLE)


def _place(card: LexborNode, twin: JsonObject) -> Place:
    shown = place_of(text_at(card, ".location"))
    return Place(
        property_type=shown["property_type"] or property_type_of(twin.get("category")),
        neighborhood=shown["neighborhood"],
        city=shown["city"] or one_line(part(twin, "address").get("addressLocality"), MAX_PLACE),
    )


def _facts(card: LexborNode, twin: JsonObject) -> Facts:
    chips = [Chip(facts_text_of(chip) or "") for chip in card.css(".features > div")[:MAX_CHIPS]]
    return read_facts([*chips, *floor_size_chip(twin)])


def _main_image(card: LexborNode, twin: JsonObject, url: str) -> str | None:
    image = card.css_first(".swiper-slide img")
    if image is not None:
        return photo_of(image, url)
    images = twin.get("image")
    return photo_url(images[0] if isinstance(images, list) and images else images, url)
