"""Detail pages become properties, whether scripts have run or not."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.domain.identity import property_id_of
from pincali_sync.exceptions import PageError
from pincali_sync.items import Property
from pincali_sync.pages.as_json import as_dict
from pincali_sync.pages.detail_page import parse_detail_page

PAGES = Path(__file__).parents[2] / "pages"
URL = "https://www.pincali.com/en/home/casa-en-venta-o-renta-el-mirador"
ES_URL = "https://www.pincali.com/inmueble/terreno-rustico-san-isidro"


def saved(name: str) -> str:
    return (PAGES / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def markup() -> str:
    return saved("detail-2025-raw")


@pytest.fixture(scope="module")
def prop(markup: str) -> Property:
    return parse_detail_page(markup, URL)


@pytest.fixture(scope="module")
def spanish() -> Property:
    return parse_detail_page(saved("detail-2026-es"), ES_URL)


def with_markup(markup: str, title: str = "Casa") -> Property:
    heading = f'<div class="listing-id">ID: EB-VR1002</div><h1 class="property-title">{title}</h1>'
    return parse_detail_page(heading + markup, URL)


def with_chip(text: str, icon: str = "fa-star") -> Property:
    chip = f'<div class="feature-icon"><i class="fal {icon}"></i>{text}</div>'
    return with_markup(f'<div class="listing__features">{chip}</div>')


def test_the_page_reads_the_same_before_and_after_scripts(prop: Property) -> None:
    assert parse_detail_page(saved("detail-2025-browser"), URL) == prop


def test_a_listing_is_known_by_its_url_and_its_easybroker_id(prop: Property) -> None:
    assert (prop.property_id, prop.source_url) == (property_id_of(URL), URL)
    assert prop.public_id == "EB-VR1002"


def test_the_shown_language_and_the_original_stay_apart(prop: Property) -> None:
    assert prop.title == "House for sale or rent El Mirador"
    assert prop.title_original == "Casa en venta o renta El Mirador"
    assert prop.description == "A house with a view.\nTwo terraces & a study.\n\nAsk for a visit."


def test_a_listing_for_sale_and_rent_stands_under_its_sale_price(prop: Property) -> None:
    assert [offer.amount for offer in prop.offers] == [Decimal(6_500), Decimal(21_500_000)]
    assert (prop.operation_type, prop.price, prop.currency) == (
        "sale",
        Decimal(21_500_000),
        "MXN",
    )
    assert prop.price_per_m2 == Decimal(21_500)


def test_the_address_is_split_from_its_end(prop: Property) -> None:
    assert (prop.address, prop.neighborhood, prop.city, prop.state) == (
        "Calle de los Pinos 12",
        "El Mirador",
        "Querétaro",
        "Querétaro",
    )
    assert prop.property_type == "house in condominium"


def test_an_address_without_a_street_has_none(markup: str) -> None:
    short = markup.replace("Calle de los Pinos 12, ", "")
    prop = parse_detail_page(short, URL)
    assert (prop.address, prop.neighborhood) == (None, "El Mirador")


def test_an_address_is_read_without_the_tracking_data(markup: str) -> None:
    prop = parse_detail_page(markup.replace("data-track-custom-properties", "data-x"), URL)
    assert (prop.address, prop.neighborhood, prop.city, prop.state, prop.property_type) == (
        "Calle de los Pinos 12",
        "El Mirador",
        "Querétaro",
        "Querétaro",
        "house in condominium",
    )


def test_the_map_gives_the_pin(prop: Property) -> None:
    assert (prop.latitude, prop.longitude) == (20.5881234567, -100.3899876543)
    assert prop.gps_coordinates == "20.5881234567,-100.3899876543"


def test_the_link_of_the_map_is_enough(markup: str, prop: Property) -> None:
    alone = parse_detail_page(markup.replace("data-lazy-iframe-url", "data-x"), URL)
    assert alone.gps_coordinates == prop.gps_coordinates


def test_every_feature_chip_finds_its_column(prop: Property) -> None:
    assert (prop.bedrooms, prop.bathrooms, prop.half_bathrooms, prop.parking_spaces) == (4, 3, 2, 1)
    assert (prop.covered_area_m2, prop.lot_size_m2, prop.total_area_m2) == (
        Decimal("410.50"),
        Decimal(1225),
        Decimal(1000),
    )
    assert (prop.floor_number, prop.construction_year, prop.age_years) == (3, 2015, None)
    assert prop.features[1] == "3 bathrooms, 2 half baths"
    assert len(prop.features) == 8


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("2 recámaras", "bedrooms", 2),
        ("1 medio baño", "half_bathrooms", 1),
        ("2 cajones de estacionamiento", "parking_spaces", 2),
        ("75 m² total space", "total_area_m2", Decimal(75)),
        ("1,000 m² de terreno", "lot_size_m2", Decimal(1000)),
        ("2.5 ha Lot Size", "lot_size_m2", Decimal(25_000)),
        ("120 m² de construcción", "covered_area_m2", Decimal(120)),
        ("Construction: 1800.5 m²", "covered_area_m2", Decimal("1800.50")),
        ("Year Built New", "age_years", 0),
        ("A estrenar", "age_years", 0),
        ("Age: 5 years", "age_years", 5),
        ("5 years old", "age_years", 5),
        ("Año de construcción: 2012", "construction_year", 2012),
        ("Piso 12", "floor_number", 12),
        ("3 floors", "total_floors", 3),
    ],
)
def test_a_chip_is_understood_in_english_and_spanish(
    text: str, field: str, value: int | Decimal
) -> None:
    prop = with_chip(text)
    assert getattr(prop, field) == value
    assert prop.features == (text,)


def test_an_icon_tells_what_a_mere_number_counts() -> None:
    assert with_chip("4", "fa-bed").bedrooms == 4
    assert with_chip("2 techados", "fa-car").parking_spaces == 2
    assert with_chip("24 horas", "fa-car").parking_spaces is None
    assert with_chip("410 m²", "fa-cube").covered_area_m2 == Decimal(410)
    assert with_chip("800 m²", "fa-expand").lot_size_m2 == Decimal(800)


def test_numbers_beyond_their_columns_are_none() -> None:
    assert with_chip("100,000,000 m² total").total_area_m2 is None
    assert with_chip("Year Built: 9999").construction_year is None


@pytest.mark.parametrize(
    ("text", "icon", "field"),
    [
        ("999 bedrooms", "fa-bed", "bedrooms"),
        ("100 baños", "fa-bath", "bathrooms"),
        ("100 Zimmer", "fa-bed", "bedrooms"),
        ("5000 cajones de estacionamiento", "fa-car", "parking_spaces"),
        ("Piso 900", "fa-building", "floor_number"),
        ("900 floors", "fa-building", "total_floors"),
        ("Age: 999 years", "fa-calendar", "age_years"),
    ],
)
def test_rooms_and_floors_by_the_hundred_are_not_believed(text: str, icon: str, field: str) -> None:
    assert getattr(with_chip(text, icon), field) is None


def test_a_building_may_have_many_rooms() -> None:
    assert with_chip("99 bedrooms").bedrooms == 99


def test_photos_are_the_listings_own_each_once_and_in_order(prop: Property) -> None:
    assert len(prop.image_urls) == 7
    assert prop.main_image_url == prop.image_urls[0]
    assert all("/property_images/5901002/" in url for url in prop.image_urls)
    assert prop.image_urls[2].endswith("EB-VR1002.heic?version=1760000003")


@pytest.mark.parametrize(
    ("host", "kept"),
    [
        ("https://assets.easybroker.com", True),
        ("https://www.pincali.com", True),
        ("", True),
        ("https://photos.invalid", False),
        ("//photos.invalid", False),
        ("https://assets.easybroker.com.photos.invalid", False),
        ("https://assets.easybroker.com@photos.invalid", False),
        ("https://photos.invalid\\@assets.easybroker.com", False),  # as a browser reads it
        ("javascript:alert(1)//", False),
        ("file://", False),
        ("http://[", False),
    ],
)
def test_photos_are_of_the_sites_own_hosts(markup: str, host: str, kept: bool) -> None:
    path = "/property_images/5901002/88001/EB-VR1002.jpg?version=1760000001"
    shown = markup.replace(f"https://assets.easybroker.com{path}", host + path)
    prop = parse_detail_page(shown, URL)
    assert prop.main_image_url is not None
    assert ("88001" in prop.main_image_url) is kept
    assert {urlsplit(photo).hostname for photo in prop.image_urls} <= {
        "assets.easybroker.com",
        "www.pincali.com",
    }


def test_a_page_of_a_stand_in_has_photos_of_its_own_host(markup: str) -> None:
    shown = markup.replace("https://assets.easybroker.com/", "http://127.0.0.1:8/")
    here = parse_detail_page(shown, "http://127.0.0.1:8/en/home/casa-a")
    assert len(here.image_urls) == 7
    assert parse_detail_page(shown, URL).image_urls == ()


def test_nothing_of_similar_listings_leaks(prop: Property) -> None:
    printed = json.dumps(as_dict(prop))
    for foreign in ("4112233", "Las Torres", "11000", "25.6866", "9 parking"):
        assert foreign not in printed


def test_the_publisher_is_named_without_the_words_before_it(
    prop: Property, spanish: Property
) -> None:
    assert (prop.agent_name, prop.agency_name, prop.agent_phone) == (
        "Agente 12",
        "Inmobiliaria Doce",
        None,
    )
    assert (spanish.agent_name, spanish.agency_name) == ("Agente 7", None)


def test_of_two_shown_phones_the_first_is_kept(spanish: Property) -> None:
    assert spanish.agent_phone == "+520000000001"


@pytest.mark.parametrize(
    ("shown", "phone"),
    [
        ("tel:+52 (55) 5555-0123", "+52 (55) 5555-0123"),
        ("tel:%2B52%2055%205555%200123", "+52 55 5555 0123"),
        ("tel:5555550123 ext. 12", "5555550123 ext. 12"),
        ("tel:55 5555 0123 call me now", None),
        ("tel:=cmd|x", None),
        ("tel:12345", None),
        ("tel:" + "5" * 40, None),
        ("tel:", None),
    ],
)
def test_a_phone_is_a_number_and_no_text(shown: str, phone: str | None) -> None:
    prop = with_markup(f'<div class="publisher-phones"><a href="{shown}"></a></div>')
    assert prop.agent_phone == phone


def test_the_publication_day_is_the_one_of_its_place(prop: Property) -> None:
    assert prop.listing_date == date(2026, 2, 28)  # in UTC it was the first of March


def test_amenities_keep_their_groups(prop: Property) -> None:
    assert prop.amenities == {"Exterior": ("Terrace", "Garden"), "Recreation": ("Pool",)}


def test_an_untranslated_page_has_no_other_original(spanish: Property) -> None:
    assert (spanish.title, spanish.title_original) == ("Terreno rústico San Isidro", None)
    assert spanish.description == "Terreno plano.\nEscrituras en orden."
    assert spanish.source_url == "https://www.pincali.com/en/home/terreno-rustico-san-isidro"


def test_a_price_per_m2_is_not_divided_by_the_area(spanish: Property) -> None:
    assert (spanish.price, spanish.price_per_m2) == (Decimal(8800), Decimal(8800))
    assert spanish.offers[0].per_m2


def test_a_price_per_m2_below_a_cent_is_none() -> None:
    price = '<div class="listing__price"><div class="price">US$12,000 For Sale</div></div>'
    chips = '<div class="listing__features"><div class="feature-icon">{} m²</div></div>'
    vast = with_markup(price + chips.format("30,000,000"))
    assert (vast.price, vast.total_area_m2) == (Decimal(12_000), Decimal(30_000_000))
    assert vast.price_per_m2 is None
    assert with_markup(price + chips.format("1,200,000")).price_per_m2 == Decimal("0.01")


def test_label_and_value_rows_are_facts(spanish: Property) -> None:
    assert (spanish.bathrooms, spanish.half_bathrooms, spanish.parking_spaces) == (1, 1, 2)
    assert (spanish.covered_area_m2, spanish.lot_size_m2) == (Decimal(1250), Decimal("12500.50"))
    assert (spanish.total_floors, spanish.age_years, spanish.features) == (2, 0, ())


@pytest.mark.parametrize(
    ("row", "area"),
    [
        ("<b>Área (m²)</b><span>60</span><span>120</span>", None),
        ("<b>Área</b><span>60</span> <span>120 m²</span>", None),
        ("<b>Área</b><div><span>60</span><span>120 m²</span></div>", None),
        ("<b>Área</b><span>12 500 m²</span>", Decimal(12_500)),
        ("<b>Área:</b><span>120</span><span>m²</span>", Decimal(120)),
        ("<b>Área: 12 500 m²</b>", Decimal(12_500)),
    ],
)
def test_two_numbers_of_a_row_are_not_one(row: str, area: Decimal | None) -> None:
    prop = with_markup(f'<ul><li class="listing__data-row">{row}</li></ul>')
    assert (prop.total_area_m2, prop.covered_area_m2, prop.lot_size_m2) == (area, None, None)


@pytest.mark.parametrize(
    ("row", "bedrooms"),
    [
        *(("<b>Recámaras</b>: desde <i>3</i>", None), ("<b>Recámaras</b> 2 a <i>3</i>", None)),
        *(("<b>Recámaras</b> <i>2</i> – <i>3</i>", None), ("<b>Recámaras</b> : <i>3</i>", 3)),
        *(
            ("<i></i> <b>Recámaras</b> <i>3</i>", 3),
            ("Recámaras <i>3</i>", 3),
            ("3 <i>beds</i>", 3),
        ),
    ],
)
def test_what_stands_in_a_row_beside_its_elements_belongs_to_it(
    row: str, bedrooms: int | None
) -> None:
    prop = with_markup(f'<ul><li class="listing__data-row">{row}</li></ul>')
    assert prop.bedrooms == bedrooms


@pytest.mark.parametrize(
    ("text", "area"),
    [
        *(("60<br>120 m²", None), ("<b>60</b><b>120</b> m²", None), ("<p>3</p>120 m²", None)),
        *(("12 500 m²", Decimal(12_500)), ("<b>12 500</b> m<sup>2</sup>", Decimal(12_500))),
    ],
)
def test_two_numbers_of_a_chip_are_not_one(text: str, area: Decimal | None) -> None:
    prop = with_chip(text, "fa-cube")
    assert (prop.covered_area_m2, prop.total_area_m2) == (area, None)


def test_a_whole_and_its_half_are_one_number_in_two_elements_as_well() -> None:
    prop = with_chip("2 <small>1/2</small> baños")
    assert (prop.bathrooms, prop.half_bathrooms) == (2, 1)


def test_json_ld_fills_what_the_page_does_not_show(spanish: Property) -> None:
    assert (spanish.bedrooms, spanish.total_area_m2) == (2, Decimal("12500.50"))
    assert (spanish.city, spanish.state, spanish.postal_code) == ("Zapopan", "Jalisco", "45147")
    assert (spanish.latitude, spanish.longitude) == (20.7411, -103.4012)
    assert (spanish.property_type, spanish.neighborhood) == ("lot", "San Isidro")
    assert spanish.listing_date == date(2026, 7, 1)


def test_tracking_data_tells_the_operation_of_a_page_without_prices(markup: str) -> None:
    bare = markup.replace("listing__price", "gone").replace('"Sale":true', '"Sale":false')
    prop = parse_detail_page(bare, URL)
    assert (prop.offers, prop.price, prop.operation_type) == ((), None, "rent")


def test_the_tracking_data_of_2026_fills_missing_facts(markup: str) -> None:
    tracked = '"Bedrooms":4,"Half Bathrooms":1,"Area M2":99.5,"Sale":true'
    bare = markup.replace("feature-icon", "gone").replace('"Sale":true', tracked)
    prop = parse_detail_page(bare, URL)
    assert (prop.bedrooms, prop.half_bathrooms) == (4, 1)
    assert prop.total_area_m2 == Decimal("99.50")


@pytest.mark.parametrize("hidden", ["listing-id", "listing-id|data-track-custom-properties"])
def test_the_id_is_found_elsewhere_when_it_is_not_shown(markup: str, hidden: str) -> None:
    for name in hidden.split("|"):
        markup = markup.replace(name, "gone")
    assert parse_detail_page(markup, URL).public_id == "EB-VR1002"


def test_the_canonical_link_names_the_listing_when_the_url_does_not(markup: str) -> None:
    assert parse_detail_page(markup, "http://127.0.0.1:1/saved.html").source_url == URL


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("listing-2026", "a search page"),
        ("challenge", "no listing id"),
        ("login", "no listing id"),
    ],
)
def test_another_page_is_refused_with_the_reason(page: str, reason: str) -> None:
    with pytest.raises(PageError, match=reason):
        parse_detail_page(saved(page), URL)


@pytest.mark.parametrize(
    "unseen",
    [
        *("\x1b[31m", "\x07", "\x9b", "\u202e", "\u2066", "\u200f", "\u200b", "\u2060", "\ufeff"),
        *("\u00ad", "\u180e", "\U000e0041", "\u206a", "\ufff9"),
    ],
)
def test_text_holds_nothing_that_nobody_sees(unseen: str) -> None:
    shown = f"Ca{unseen}sa"
    prop = with_markup(
        f'<h2 class="location">House in {shown}, Mérida</h2><div class="publisher-name">{shown}'
        f'</div><div class="listing__description"><div class="text-description">{shown}<br>x</div>'
        f'</div><div class="listing__features"><div class="feature-icon">{shown}</div></div>',
        title=shown,
    )
    texts = (prop.title, prop.neighborhood, prop.agent_name, prop.description, prop.features[0])
    plain = f"Ca{unseen[1:]}sa"
    assert texts == (plain, plain, plain, f"{plain}\nx", plain)


def test_an_accent_of_its_own_becomes_part_of_its_letter() -> None:
    shown = with_markup(
        '<h2 class="location">House in Centro, San Luis Potosi\u0301</h2>', "Bao\u0303"
    )
    assert (shown.city, shown.title) == ("San Luis Potosí", "Baõ")
    assert with_markup("", title="e\u0301" * 600).title == "é" * 500


def test_what_joins_the_signs_of_an_emoji_stays() -> None:
    family = "👨\u200d👩\u200d👧 می\u200cخواهم"
    assert with_markup("", title=f"Casa {family}").title == f"Casa {family}"


def test_overlong_texts_are_cut() -> None:
    prop = with_markup(
        f'<div class="listing__description"><p class="text-description">{"b" * 60_000}</p></div>'
        f'<div class="listing__features"><div class="feature-icon">{"c" * 600}</div></div>',
        title="a" * 600,
    )
    assert (prop.title, prop.description) == ("a" * 500, "b" * 50_000)
    assert prop.features == ("c" * 200,)


def test_deep_lists_where_numbers_are_wanted_are_none() -> None:
    data = (
        '{"@type": "Product", "numberOfBedrooms": DEEP, "floorSize": {"value": DEEP}, '
        '"geo": {"latitude": DEEP, "longitude": DEEP}}'
    ).replace("DEEP", "[" * 900 + "]" * 900)
    prop = with_markup(f'<script type="application/ld+json">{data}</script>')
    assert (prop.bedrooms, prop.total_area_m2, prop.latitude) == (None, None, None)


def test_a_listing_without_a_title_is_refused(markup: str) -> None:
    with pytest.raises(PageError, match="no title"):
        parse_detail_page(markup.replace("property-title", "gone"), URL)


@given(st.binary(max_size=2000))
def test_arbitrary_bytes_are_refused_and_nothing_worse(markup: bytes) -> None:
    with pytest.raises(PageError):
        parse_detail_page(markup, URL)


def test_the_printed_form_is_json_with_every_field(prop: Property) -> None:
    printed = json.loads(json.dumps(as_dict(prop)))
    assert set(printed) == set(Property.__slots__)
    assert (printed["listing_date"], printed["price"]) == ("2026-02-28", 21_500_000)
    assert printed["amenities"]["Recreation"] == ["Pool"]
    assert printed["offers"][0] == {"operation": "rent", "amount": 6500, "currency": "USD"}


@pytest.mark.parametrize("number", ["1" + "0" * 400, "-1" + "0" * 400, "1e999", "NaN"])
def test_a_number_beyond_all_measure_is_none(number: str) -> None:
    tracked = f'{{"Property ID": "EB-VR1002", "Area M2": {number}, "Bedrooms": {number}}}'
    data = f'{{"@type": "House", "floorSize": {{"value": {number}}}, "numberOfBedrooms": {number}}}'
    prop = with_markup(
        f"<div data-track-custom-properties='{tracked}'></div>"
        f'<script type="application/ld+json">{data}</script>'
    )
    assert (prop.total_area_m2, prop.bedrooms) == (None, None)
