"""A detail page, as the server sends it or as a browser leaves it, as one `Property`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pincali_sync.domain.identity import CANONICAL_ROOT, canonical_url, property_id_of
from pincali_sync.domain.numbers import numeric
from pincali_sync.domain.prices import Offer, Operation, main_offer, operation_of
from pincali_sync.exceptions import PageError
from pincali_sync.items import Property
from pincali_sync.pages.address import address_of
from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.detail_parts import photos_of, publisher_of
from pincali_sync.pages.facts import (
    MAX_CHIP,
    MAX_CHIPS,
    Chip,
    Facts,
    area_chip,
    floor_size_chip,
    read_facts,
)
from pincali_sync.pages.places import Coordinates, coordinates_in_url, coordinates_of
from pincali_sync.pages.prices import declared_currencies, offers_of
from pincali_sync.pages.text import (
    attribute_at,
    clean,
    facts_text_of,
    one_line,
    part,
    scalar_at,
    text_at,
    text_of,
)

_PRICES = ".listing__price .price"
_PRICE_PER_M2_PRECISION = 10  # numeric(10,2)
_MAX_AMENITIES = 200
_OWN_PATH = re.compile(r"/[^/\\\[\]][^\\]{0,500}")
_DATE = re.compile(r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}")

_FRAME = "data-lazy-iframe-url"
_MAPS = (
    ("#map_container iframe[src]", "src"),
    (f"#map_container[{_FRAME}], .listing__map [{_FRAME}]", _FRAME),
    (".listing__map [data-clipboard-text]", "data-clipboard-text"),
)
# Where who publishes the listing is: a map there is of an office.
_OTHERS = (".listing__sidebar", "[class*=publisher]", "[class*=agent]", "footer")
_MAPS_OF_OTHERS = ", ".join(f"{each}[{_FRAME}], {each} [{_FRAME}]" for each in _OTHERS)
_MAX_MAPS = 20  # that are looked at in each place

# What the tracking data of 2026 calls the facts.
_TRACKED_FACTS = ("Bedrooms", "Bathrooms", "Half Bathrooms", "Parking Spaces")


def parse_detail_page(markup: str | bytes, url: str) -> Property:
    """Reads a listing's own page. Optional fields that are absent or unreadable are None.

    Args:
        url: where the page was fetched, in any language and on any host.

    Raises:
        PageError: the page is a search page, has no title or no listing id, or neither `url`
            nor the page's canonical link is a listing's URL; or it has more markup than any page
            of the site.
    """
    return property_of(DetailDocument.of(markup, url), url)


def property_of(document: DetailDocument, url: str) -> Property:
    """Reads a page that is prepared.

    Raises:
        PageError: neither `url` nor the page's canonical link is a listing's URL.
    """
    tree, source_url = document.tree, _source_url(document.tree, url)
    offers = _offers(document)
    main = main_offer(offers)
    operation = main.operation if main else _operation_without_price(document)
    facts, photos = read_facts(_chips(document)), photos_of(document, url)
    point = _coordinates(document)
    return Property(
        property_id=property_id_of(source_url),
        source_url=source_url,
        public_id=document.public_id,
        title=document.title,
        title_original=document.title_original,
        description=document.description(),
        operation_type=operation.value if operation else None,
        **address_of(document),
        latitude=point.latitude if point else None,
        longitude=point.longitude if point else None,
        gps_coordinates=f"{point.latitude},{point.longitude}" if point else None,
        offers=offers,
        price=main.amount if main else None,
        currency=main.currency.value if main else None,
        price_per_m2=_price_per_m2(main, facts),
        **facts,
        features=tuple(chip.text for chip in _feature_chips(tree)),
        amenities=_amenities(tree),
        main_image_url=photos[0] if photos else None,
        image_urls=photos,
        **publisher_of(tree),
        message_url=_message_url(tree),
        listing_date=_listing_date(document),
    )


def _source_url(tree: LexborHTMLParser, url: str) -> str:
    try:
        return canonical_url(url)
    except PageError:
        declared = attribute_at(tree, 'link[rel="canonical"][href]', "href")
        if declared is None:
            raise
        return canonical_url(declared)


def _offers(document: DetailDocument) -> tuple[Offer, ...]:
    """Only what the page shows: JSON-LD prices carry no unit and do not tell rent from sale."""
    intro = document.tree.css_first(".listing__intro")
    prices = intro.css(_PRICES) if intro else []
    declared = declared_currencies(document.objects, document.tracking.get("Currency"))
    return offers_of(prices or document.tree.css(_PRICES), _tracked_operation(document), declared)


def _tracked_operation(document: DetailDocument) -> Operation | None:
    """The only operation that the tracking data names; None where it names both or none."""
    sale = document.tracking.get("Sale") is True
    rent = document.tracking.get("Rental") is True
    if sale != rent:
        return Operation.SALE if sale else Operation.RENT
    return operation_of(clean(document.tracking.get("Operation Type")) or "")


def _operation_without_price(document: DetailDocument) -> Operation | None:
    return Operation.SALE if document.tracking.get("Sale") is True else _tracked_operation(document)


def _price_per_m2(offer: Offer | None, facts: Facts) -> Decimal | None:
    if offer is None or offer.amount is None:
        return None
    if offer.per_m2:
        return numeric(offer.amount, _PRICE_PER_M2_PRECISION)
    area = facts.get("total_area_m2")
    worked_out = numeric(offer.amount / area, _PRICE_PER_M2_PRECISION) if area else None
    return worked_out or None  # what cents cannot hold is not 0


def _chips(document: DetailDocument) -> Iterator[Chip]:
    """Everything that states facts, in the order of authority: what people see comes first."""
    yield from _feature_chips(document.tree)
    for row in document.tree.css("li.listing__data-row")[:MAX_CHIPS]:
        yield Chip(_label_and_value(row))
    tracking, data = document.tracking, document.json_ld
    named = {name: scalar_at(tracking, name) for name in _TRACKED_FACTS}
    named |= {"Bedrooms ": scalar_at(data, "numberOfBedrooms")}
    named |= {"Bathrooms ": scalar_at(data, "numberOfBathroomsTotal")}
    yield from (Chip(f"{name.strip()}: {value}") for name, value in named.items() if value)
    yield from area_chip(scalar_at(tracking, "Area M2"))
    yield from floor_size_chip(data)


def _feature_chips(tree: LexborHTMLParser) -> Iterator[Chip]:
    for chip in tree.css(".listing__features .feature-icon")[:MAX_CHIPS]:
        if text := one_line(facts_text_of(chip), MAX_CHIP):
            yield Chip(text, attribute_at(chip, "i", "class") or "")


def _label_and_value(row: LexborNode) -> str:
    """With what stands between them in no element: "desde", "60 a"."""
    nodes = islice(row.iter(include_text=True), MAX_CHIPS)
    parts = [each for each in nodes if (text_of(each) or "").strip(" :")]
    if sum(each.is_element_node for each in parts) < 2:
        return facts_text_of(row) or ""
    label, *values = parts
    return f"{(text_of(label) or '').rstrip(' :')}: {facts_text_of(*values)}"


def _coordinates(document: DetailDocument) -> Coordinates | None:
    """From the map's frame, which before scripts run is only the URL to load it from.

    The page may have other maps: one that stands elsewhere counts where nothing else tells.
    """
    tree = document.tree
    for selector, attribute in _MAPS:
        if points := _points_in(tree.css(selector), attribute):
            return points.pop() if len(points) == 1 else None
    geo = part(document.json_ld, "geo")
    if point := coordinates_of(geo.get("latitude"), geo.get("longitude")):
        return point
    of_others = {node.mem_id for node in tree.css(_MAPS_OF_OTHERS)}
    elsewhere = [node for node in tree.css(f"[{_FRAME}]") if node.mem_id not in of_others]
    points = _points_in(elsewhere, _FRAME)
    return points.pop() if len(points) == 1 else None


def _points_in(nodes: list[LexborNode], attribute: str) -> set[Coordinates]:
    urls = (node.attributes.get(attribute) for node in nodes[:_MAX_MAPS])
    return {point for url in urls if (point := coordinates_in_url(url))}


def _amenities(tree: LexborHTMLParser) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    left = _MAX_AMENITIES
    for group in tree.css(".listing__amenities .amenities-group")[:MAX_CHIPS]:
        title = text_at(group, ".amenities-group-title")
        items = group.css(".amenities-list li")[:left]
        left -= len(items)
        names = tuple(filter(None, (one_line(text_of(item), MAX_CHIP) for item in items)))
        if title and names:
            groups[title] = groups.get(title, ()) + names
    return groups


def _message_url(tree: LexborHTMLParser) -> str | None:
    action = one_line(attribute_at(tree, "form[data-property-messages-form][action]", "action"))
    # Its own path, without language; a form that goes elsewhere is none of the site's.
    return urljoin(CANONICAL_ROOT, action) if action and _OWN_PATH.fullmatch(action) else None


def _listing_date(document: DetailDocument) -> date | None:
    """The day of publication where it was published: the text beside it is relative."""
    shown = attribute_at(document.tree, "[data-publication-date]", "data-publication-date")
    for text in (shown, clean(document.json_ld.get("datePosted"))):
        match = _DATE.search(text or "")
        try:
            if match:
                return date.fromisoformat(match[0])
        except ValueError:
            continue
    return None
