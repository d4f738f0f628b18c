"""What a page's data say of other listings fills no field of its own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from pincali_sync.exceptions import PageError
from pincali_sync.items import Property
from pincali_sync.pages.detail_page import parse_detail_page
from tests.support.builders import SITE

OWN, OTHER = f"{SITE}/en/home/casa-rosa-31", f"{SITE}/en/home/otra-casa"
EB = "EB-KL7001"
FACTS: dict[str, Any] = {
    "numberOfBedrooms": 9,
    "numberOfBathroomsTotal": 8,
    "floorSize": {"value": 999, "unitCode": "MTK"},
    "geo": {"latitude": 20.1, "longitude": -100.1},
    "address": {"postalCode": "99999", "addressLocality": "Otra"},
    "description": "Otra casa",
    "datePosted": "2024-01-01",
}
DOLLARS = {"priceCurrency": "USD"}
HOUSE: dict[str, Any] = {"@type": "House", **FACTS, "offers": DOLLARS}


def page(*data: dict[str, Any], head: str = "", url: str = OWN) -> Property:
    scripts = "".join(
        f'<script type="application/ld+json">{json.dumps(each)}</script>' for each in data
    )
    return parse_detail_page(
        f"""{head}{scripts}<div class="listing-id">ID: {EB}</div>
        <h1 class="property-title">Casa rosa</h1><div class="listing__price">
        <div class="price">$52,000 <span>For Sale</span></div></div>""",
        url,
    )


BARE = page()


@pytest.mark.parametrize(
    "other",
    [
        {"url": OTHER},
        {"@id": OTHER},
        {"@id": f"{OTHER}#house"},
        {"@id": f"{OWN}#similar-1", "url": OTHER},
        {"mainEntityOfPage": OTHER},
        {"mainEntityOfPage": {"@type": "WebPage", "@id": OTHER}},
        {"mainEntityOfPage": {"@type": "WebPage", "url": OTHER}},
        {"sku": "EB-AA0001"},
        {"productID": "EB-AA0001", "url": OWN},
        {"identifier": "EB-AA0001"},
        {"identifier": {"@type": "PropertyValue", "value": "EB-AA0001"}},
        {"identifier": [{"@type": "PropertyValue", "value": "EB-AA0001"}]},
        {"url": "/en/home/otra-casa"},
        {"url": [OTHER]},
        {"offers": {"url": OTHER, **DOLLARS}},
        {"offers": [{"url": OTHER, **DOLLARS}]},
    ],
)
def test_an_object_that_names_another_listing_fills_nothing(other: dict[str, Any]) -> None:
    assert BARE.offers
    assert page(HOUSE | other) == BARE


@pytest.mark.parametrize(
    "data",
    [
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": HOUSE}]},
        {
            "@type": "ItemList",
            "itemListElement": [{"@type": "ListItem", "url": OTHER, "item": HOUSE}],
        },
        {"@type": "ListItem", "url": OTHER, "item": HOUSE},
        {"@type": "RealEstateListing", "url": OTHER, "mainEntity": HOUSE},
        {"@type": "WebPage", "@id": OTHER, "mainEntity": [[HOUSE]]},
        {"@type": "Product", "url": OWN, "isSimilarTo": [HOUSE]},
        {"@type": "Product", "isRelatedTo": HOUSE},
    ],
)
def test_what_stands_within_it_or_in_a_list_of_others_fills_nothing(data: dict[str, Any]) -> None:
    assert page(data) == BARE


def test_objects_that_name_nothing_count_only_where_they_mean_one_thing() -> None:
    assert page(HOUSE).bedrooms == 9
    assert page(HOUSE, {"@type": "Product", "offers": DOLLARS}).bedrooms == 9
    assert page(HOUSE | {"name": "A"}, HOUSE | {"name": "B"}) == BARE
    assert page({"@type": "Apartment", "sku": EB}, HOUSE) == BARE


LISTING: dict[str, Any] = {"@type": "RealEstateListing", "url": OWN, "name": "Casa rosa"}


@pytest.mark.parametrize(
    "data",
    [
        {"about": HOUSE},
        {"mainEntity": [HOUSE]},
        {"offers": {"@type": "Offer", "price": 1, "itemOffered": HOUSE}},
        {"about": HOUSE, "offers": [{"@type": "Offer", "itemOffered": HOUSE}]},
        {"about": HOUSE | {"name": "Hermosa casa"}},
        {"@type": "WebPage", "mainEntity": {"@type": "Product", "about": HOUSE}},
    ],
)
def test_what_an_object_that_names_this_listing_is_about_fills_its_fields(
    data: dict[str, Any],
) -> None:
    for filled in (page(LISTING | data), page(HOUSE | {"name": "Otra"}, LISTING | data)):
        assert (filled.bedrooms, filled.city, filled.total_area_m2) == (9, "Otra", Decimal(999))


@pytest.mark.parametrize(
    "data",
    [
        {"about": HOUSE | {"url": OTHER}},
        {"about": [HOUSE | {"name": "A"}, HOUSE | {"name": "B"}]},
        {"about": {"@type": "House", "isSimilarTo": HOUSE}},
        {"offers": {"seller": {"@type": "RealEstateAgent", "makesOffer": {"itemOffered": HOUSE}}}},
        {"author": {"@type": "RealEstateAgent", "about": HOUSE}},
        {"containedInPlace": HOUSE},
    ],
)
def test_what_else_stands_within_it_fills_nothing(data: dict[str, Any]) -> None:
    assert page(LISTING | data) == BARE


@pytest.mark.parametrize("empty", [[], {}, None])
def test_each_object_of_the_listing_may_name_the_currency_of_its_price(empty: object) -> None:
    product = {"@type": "Product", "sku": EB, "offers": DOLLARS}
    assert page(LISTING | {"offers": empty}, product).offers == ()
    assert page(product, LISTING | {"offers": empty}).offers == ()
    assert page(LISTING | {"offers": []}, product | {"sku": "EB-AA0001"}).offers == BARE.offers


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_what_one_object_leaves_empty_another_fills(empty: object) -> None:
    product = LISTING | dict.fromkeys(FACTS, empty)
    filled = page(product, {"@type": "House", "sku": EB} | FACTS)
    assert (filled.city, filled.total_area_m2, filled.bathrooms) == ("Otra", Decimal(999), 8)
    assert (filled.latitude, filled.description, filled.bedrooms) == (20.1, "Otra casa", 9)


def test_a_product_and_the_only_home_beside_it_are_one_thing() -> None:
    product = {"@type": "Product", "sku": EB, "name": "Casa rosa"}
    for home in (HOUSE, HOUSE | {"name": "Casa rosa"}):
        assert page(product, home).bedrooms == page({"@graph": [home, product]}).bedrooms == 9
    assert page(product, HOUSE | {"name": "Otra casa"}) == BARE
    assert page(product, HOUSE, HOUSE) == BARE
    assert page(product, {"@type": "Product", **FACTS}) == BARE


@pytest.mark.parametrize(
    "own",
    [
        {"url": OWN},
        {"@id": "https://www.pincali.com/inmueble/casa-rosa-31#product"},
        {"url": [OTHER, OWN]},
        {"sku": EB, "url": OTHER},
        {"identifier": [{"@type": "PropertyValue", "value": EB}]},
        {"mainEntityOfPage": {"@id": OWN}},
        {"offers": {"url": OWN}},
        {"url": "https://www.pincali.com/", "@id": OWN},
    ],
)
def test_an_object_that_names_this_listing_fills_its_fields(own: dict[str, Any]) -> None:
    filled = page({"@graph": [HOUSE | {"url": OTHER}, {"@type": "House", **FACTS} | own]})
    assert (filled.bedrooms, filled.postal_code, filled.total_area_m2) == (9, "99999", Decimal(999))
    assert filled.offers == BARE.offers


def test_the_pages_own_link_names_its_listing_as_well() -> None:
    head = f'<link rel="canonical" href="{OWN}">'
    assert page({"@type": "House", "url": OWN, **FACTS}, head=head, url=OTHER).bedrooms == 9


@pytest.mark.parametrize(
    "other",
    [
        {"url": f"{SITE}/credito"},
        {"url": "/credito"},
        {"url": "https://inmobiliaria.example/casa-vecina"},
        {"url": SITE},
        {"@id": f"{SITE}/credito#product"},
        {"mainEntityOfPage": {"@id": "https://inmobiliaria.example/casa"}},
        {"offers": {"url": f"{SITE}/credito", **DOLLARS}},
        {"sku": "PLAN-1"},
        {"productID": 12345},
        {"identifier": {"@type": "PropertyValue", "value": "VEC-9"}},
        {"name": "Casa Vecina"},
        {"name": "Casa rosa y casa azul"},
        {"name": {"@value": "Casa Vecina"}},
        {"name": "★"},
    ],
)
def test_an_object_that_goes_by_a_name_of_its_own_fills_nothing(other: dict[str, Any]) -> None:
    assert page(HOUSE | other) == BARE
    assert page({"@type": "Offer", "url": "/credito", "itemOffered": HOUSE | other}) == BARE


@pytest.mark.parametrize(
    "own",
    [
        {"name": "Casa rosa"},
        {"name": "  CASA  ROSA. "},
        {"name": "Casa rosa 31"},
        {"name": ["Casa rosa"]},
        {"name": ""},
        {"@id": "#house"},
        {"@id": "_:b0"},
        {"@id": "https://www.pincali.com/#house"},
        {"sku": None, "url": ""},
        {"sku": "REF-9", "url": OWN, "name": "Casa de la abuela"},
    ],
)
def test_an_object_that_goes_by_the_listings_name_or_none_fills_its_fields(
    own: dict[str, Any],
) -> None:
    assert page(HOUSE | own).bedrooms == 9


def test_an_object_may_go_by_the_title_that_a_translation_hides() -> None:
    heading = """<h1 class="property-title"><span data-translation>Pink house</span>
        <span class="d-none" data-translation>Quinta rosa</span></h1>"""
    for name, bedrooms in (("Pink house", 9), ("Quinta Rosa", 9), ("Quinta azul", None)):
        assert page(HOUSE | {"name": name}, head=heading).bedrooms == bedrooms, name


MEXICALI = {"State": "Baja California", "City": "Mexicali", "Type": "House", "Sale": True}
HERMOSILLO = {"State": "Sonora", "City": "Hermosillo", "Type": "Lot", "Rental": True, "Bedrooms": 9}


def tracked(public_id: object, data: dict[str, Any], name: str = "") -> str:
    shown = json.dumps({"Property ID": public_id} | data).replace('"', "&quot;")
    return f'<div class="{name}" data-track-custom-properties="{shown}"></div>'


TRACKED_OTHER = tracked("EB-ZZ1111", HERMOSILLO, "continue-looking")


@pytest.mark.parametrize("own", [EB, 2987001, "2987001", f" {EB} "])
@pytest.mark.parametrize("name", ["listing__header", "listing__intro"])
def test_the_tracking_data_are_those_that_have_the_listings_id(own: object, name: str) -> None:
    mine = tracked(own, MEXICALI, name)
    for head in (TRACKED_OTHER + mine, mine + TRACKED_OTHER, mine):
        found = page(head=head)
        assert (found.public_id, found.state, found.city) == (EB, "Baja California", "Mexicali")
        assert (found.property_type, found.bedrooms) == ("house", None)


@pytest.mark.parametrize("name", ["", "listing__header"])
@pytest.mark.parametrize("other", ["EB-ZZ1111", 7021111, "", None, [EB], True])
def test_tracking_data_of_another_listing_or_of_none_fill_nothing(other: object, name: str) -> None:
    assert page(head=tracked(other, HERMOSILLO, name)) == BARE


def without_id(markup: str) -> Property:
    return parse_detail_page(f'<h1 class="property-title">Casa rosa</h1>{markup}', OWN)


def test_a_page_that_shows_no_id_has_that_of_its_header() -> None:
    header = tracked(EB, MEXICALI, "listing__header")
    button = '<div class="listing__header"><i class="favorite-button" data-id="2987001"></i></div>'
    for markup in (header, button + tracked(EB, MEXICALI)):
        found = without_id(TRACKED_OTHER + markup)
        assert (found.public_id, found.city, found.bedrooms) == (EB, "Mexicali", None)
    found = without_id(TRACKED_OTHER + button)
    assert (found.public_id, found.city, found.bedrooms) == (EB, None, None)


def test_without_a_header_all_that_is_tracked_must_be_of_one_listing() -> None:
    assert without_id(tracked(EB, MEXICALI) + tracked(EB, {})).city == "Mexicali"
    with pytest.raises(PageError, match="no listing id"):
        without_id(tracked(EB, MEXICALI) + TRACKED_OTHER)
    with pytest.raises(PageError, match="no listing id"):
        without_id(tracked(EB, {}, "listing__header") + tracked("EB-ZZ1111", {}, "listing__header"))
