"""Search result pages of both markups become entries."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.domain.prices import Currency, Offer, Operation
from pincali_sync.items import ListingPage, ManifestEntry
from pincali_sync.pages import listing_page
from pincali_sync.pages.as_json import as_dict
from pincali_sync.pages.cards import parse_card
from pincali_sync.pages.listing_page import parse_listing_page

PAGES = Path(__file__).parents[2] / "pages"
URL_2025 = "https://www.pincali.com/en/properties/residential-listings-for-sale-or-rent?page=49"
URL_2026 = "https://www.pincali.com/inmuebles/propiedades-en-mexico"


@pytest.fixture(scope="module")
def markup_2025() -> str:
    return (PAGES / "listing-2025-last.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page_2025(markup_2025: str) -> ListingPage:
    return parse_listing_page(markup_2025, URL_2025)


@pytest.fixture(scope="module")
def markup_2026() -> str:
    return (PAGES / "listing-2026.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page_2026(markup_2026: str) -> ListingPage:
    return parse_listing_page(markup_2026, URL_2026)


def card(inside: str, attributes: str = "") -> str:
    return (
        '<div data-search-results data-total="1"><div class="property__component" '
        f"{attributes}>{inside}</div></div>"
    )


def only_entry(markup: str) -> ManifestEntry:
    (entry,) = parse_listing_page(markup, URL_2025).entries
    return entry


def test_a_card_of_2025_gives_a_whole_entry(page_2025: ListingPage) -> None:
    assert page_2025.entries[0] == ManifestEntry(
        property_id=page_2025.entries[0].property_id,
        source_url="https://www.pincali.com/en/home/casa-de-prueba-en-los-olivos",
        public_id="EB-VR1001",
        offers=(Offer(operation=Operation.SALE, amount=Decimal(4_150_000), currency=Currency.MXN),),
        listing_page_title="CASA DE PRUEBA  EN LOS OLIVOS",
        latitude=19.0412967,
        longitude=-98.2061996,
        exact_location=True,
        property_type="house",
        neighborhood="Los Olivos",
        city="Puebla",
        bedrooms=3,
        bathrooms=2,
        total_area_m2=Decimal("1225.25"),
        main_image_url=(
            "https://assets.easybroker.com/property_images/5901001/59010010/EB-VR1001.jpg"
            "?height=300&version=1760000000&width=450"
        ),
    )
    assert page_2025.entries[0].listing_page_price == Decimal(4_150_000)


def test_a_card_for_sale_and_for_rent_has_an_offer_of_each(page_2025: ListingPage) -> None:
    entry = page_2025.entries[1]
    assert [(offer.operation, offer.amount, offer.currency) for offer in entry.offers] == [
        (Operation.SALE, Decimal(21_500_000), Currency.MXN),
        (Operation.RENT, Decimal(6_500), Currency.USD),
    ]
    assert entry.listing_page_price == Decimal(21_500_000)


def test_a_type_with_in_in_its_name_stays_whole(page_2025: ListingPage) -> None:
    entry = page_2025.entries[1]
    assert (entry.property_type, entry.neighborhood, entry.city) == (
        "house in condominium",
        "El Mirador",
        "Querétaro",
    )


def test_a_card_without_an_area_has_none(page_2025: ListingPage) -> None:
    entry = page_2025.entries[2]
    assert (entry.bedrooms, entry.bathrooms, entry.total_area_m2) == (1, 1, None)
    assert entry.exact_location is False
    assert entry.city == "Monterrey"


def test_a_pin_at_zero_or_off_the_map_is_none(page_2025: ListingPage) -> None:
    pins = [(entry.latitude, entry.longitude) for entry in page_2025.entries[3:5]]
    assert pins == [(None, None), (None, None)]


def test_unusual_prices_keep_their_meaning(page_2025: ListingPage) -> None:
    per_m2, starting_at, on_request = (entry.offers[0] for entry in page_2025.entries[3:6])
    assert (per_m2.amount, per_m2.per_m2) == (Decimal("0.50"), True)
    assert (starting_at.operation, starting_at.starting_at) == (Operation.SALE, True)
    assert on_request.amount is None


def test_a_card_without_a_link_is_named_and_counted(page_2025: ListingPage) -> None:
    assert len(page_2025.entries) == 6
    assert page_2025.unreadable_cards == ("card EB-VR0555 has no link",)


def test_the_last_page_leads_nowhere_although_its_pager_holds_a_link(
    page_2025: ListingPage,
) -> None:
    assert page_2025.next_page is None
    assert (page_2025.total_listings, page_2025.total_pages) == (1158, 49)


def test_the_markup_of_2026_is_read_in_spanish(page_2026: ListingPage) -> None:
    entry = page_2026.entries[0]
    assert entry.public_id == "EB-WL1001"
    assert entry.source_url == "https://www.pincali.com/en/home/casa-nueva-en-el-palomar"
    assert (entry.property_type, entry.neighborhood, entry.city) == (
        "house in condominium",
        "El Palomar",
        "Tlajomulco de Zúñiga",
    )
    assert (entry.bedrooms, entry.bathrooms, entry.total_area_m2) == (3, 2, Decimal(180))
    assert entry.listing_page_price == Decimal(3_200_000)


def test_json_ld_fills_what_the_card_leaves_out_but_never_a_price(
    page_2026: ListingPage,
) -> None:
    lot, office = page_2026.entries[1:3]
    assert lot.listing_page_title == "Terreno rústico San Isidro"
    assert lot.total_area_m2 == Decimal("12500.50")
    assert lot.offers == (
        Offer(operation=Operation.SALE, amount=Decimal(8800), currency=Currency.MXN, per_m2=True),
    )
    assert (office.total_area_m2, office.listing_page_price) == (Decimal(88), None)
    assert office.offers[0].operation is Operation.RENT


def test_a_card_without_a_json_ld_twin_is_read_all_the_same(page_2026: ListingPage) -> None:
    entry = page_2026.entries[3]
    assert entry.property_type == "warehouse"
    assert [(offer.amount, offer.currency) for offer in entry.offers] == [
        (Decimal(12_000), Currency.USD)
    ]


def test_pages_are_counted_in_both_languages_and_followed(page_2026: ListingPage) -> None:
    assert page_2026.total_pages == 2100
    assert page_2026.next_page == "/inmuebles/propiedades-en-mexico?page=2"


def test_without_a_summary_pages_follow_from_the_total(markup_2026: str) -> None:
    page = parse_listing_page(markup_2026.replace("pagination-summary", "gone"), URL_2026)
    assert page.total_pages == 8400 // 4


def test_without_a_summary_the_last_page_is_the_last(markup_2025: str) -> None:
    page = parse_listing_page(markup_2025.replace("pagination-summary", "gone"), URL_2025)
    assert page.total_pages == 49


@pytest.mark.parametrize("count", ["100+", "más de 100", "muchas"])
def test_a_page_count_that_is_not_exact_leaves_it_to_the_total(
    markup_2026: str, count: str
) -> None:
    summary = f'<div class="pagination-summary">Página 1 de {count}</div>'
    page = parse_listing_page(markup_2026.replace("pagination-summary", "gone") + summary, URL_2026)
    assert page.total_pages == 8400 // 4


def test_a_pager_that_leads_to_its_own_page_is_not_followed(markup_2026: str) -> None:
    markup = markup_2026.replace("propiedades-en-mexico?page=2", "propiedades-en-mexico#")
    assert parse_listing_page(markup, URL_2026).next_page is None


def test_cards_outside_the_results_are_not_read(markup_2026: str) -> None:
    markup = markup_2026.replace("data-search-results", "data-similar")
    assert parse_listing_page(markup, URL_2026).entries == ()


def test_a_price_without_words_takes_the_operation_of_the_query() -> None:
    markup = card('<a href="/en/home/casa-a"></a><div class="price">$9,000</div>')
    page = parse_listing_page(markup, "https://www.pincali.com/en/properties/properties-for-rent")
    assert page.entries[0].offers[0].operation is Operation.RENT
    assert only_entry(markup).offers == ()


def test_a_card_without_an_id_is_kept() -> None:
    entry = only_entry(card('<a class="property__content" href="/en/home/casa-a"></a>'))
    assert (entry.public_id, entry.listing_page_title, entry.offers) == (None, None, ())


def test_a_card_or_data_that_lead_to_another_site_tell_nothing_of_a_listing() -> None:
    shown = parse_listing_page(card('<a href="//anuncios.example/en/home/casa-a"></a>'), URL_2025)
    assert shown.entries == ()
    assert shown.unreadable_cards == ("'//anuncios.example/en/home/casa-a' leaves the site",)
    twin = '{"@type": "RealEstateListing", "url": "https://a.example/en/home/casa-a", "name": "x"}'
    data = f'<script type="application/ld+json">{twin}</script>'
    assert only_entry(card('<a href="/en/home/casa-a"></a>') + data).listing_page_title is None


@pytest.mark.parametrize(
    ("total", "heading", "pager"),
    [
        ("17 249", "", "Página 1 de 1 158"),
        ("17249.0", "", "Page 1 of 1.158"),
        ("", "17.249 resultados", "Page 1 of 1,158 in all"),
        ("many", "1–24 de 17\u00a0249 resultados", "Página 1 de 1\u00a0158"),
        ("17.2", "Showing 1 - 24 of 17,249", "1 de 1158 páginas"),
    ],
)
def test_totals_are_read_however_they_are_written(total: str, heading: str, pager: str) -> None:
    page = parse_listing_page(
        f'<div data-search-results data-total="{total}"></div>'
        f'<div class="action__result"><h2>{heading}</h2></div>'
        f'<div class="pagination-summary">{pager}</div>',
        URL_2025,
    )
    assert (page.total_listings, page.total_pages) == (17_249, 1_158)


@pytest.mark.parametrize(
    ("declared", "heading", "total"),
    [
        ("413954", "10,000+ results", 413_954),
        ("10,000+", "413,954 results", 413_954),
        ("10,000+", "más de 10,000 resultados", None),
        ("> 10000", "10 mil resultados", None),
        ("", "2 bedroom houses: 413,954 results", 413_954),
        ("", "24 of 413,954 results", 413_954),
        ("", "413,954 search results", 413_954),
        ("", "Results: 413,954", 413_954),
        ("", "Casas en venta · Total: 413.954", 413_954),
        ("", "413,954 properties", 413_954),
        ("", "413,954 propiedades en venta", 413_954),
        ("", "Se encontraron 413,954 inmuebles", 413_954),
        ("", "413.954 imóveis à venda com 2 quartos", 413_954),
        ("", "Properties with 3 baths: 413,954 properties", 413_954),
        ("", "Más de 10,000 propiedades", None),
        ("", "Más de 10,000 resultados, 24 propiedades", None),
        ("", "10 mil inmuebles", None),
        ("", "24 properties near 413,954 listings", None),
        ("", "2 bedroom properties", None),
        ("", "Properties in Zona 16", None),
        ("", "Results: 1–24", None),
        ("", "Results: 10,000+", None),
        ("", "1–24 of more than 10,000 results", None),
        ("", "Houses with 2 bedrooms", None),
        ("", "2 bedroom results", None),
        ("", "No results", None),
    ],
)
def test_the_total_is_an_exact_number_of_results(
    declared: str, heading: str, total: int | None
) -> None:
    page = parse_listing_page(
        f'<div data-search-results data-total="{declared}"></div>'
        f'<div class="action__result"><h2>{heading}</h2></div>',
        URL_2025,
    )
    assert page.total_listings == total


@pytest.mark.parametrize(
    ("heading", "total"),
    [
        ("Mostrando 42 propiedades de 5,000", 5_000),
        ("Mostrando 42 propiedades (de 5,000)", 5_000),
        ("42 propiedades en venta de un total de 5,000", 5_000),
        ("Showing 42 properties of 5,000 in Mexico", 5_000),
        ("42 listings shown out of 5,000", 5_000),
        ("42 results out of 5,000", 5_000),
        ("42 resultados de 5,000 encontrados", 5_000),
        ("Exibindo 42 imóveis de 5.000", 5_000),
        ("42 anúncios do total de 5.000", 5_000),
        ("42 propiedades de más de 5,000", None),
        ("42 properties of 5,000+", None),
        ("3 propiedades de 4 recámaras", None),
        ("3 properties of 250 m2", None),
        ("42 propiedades de 2,000,000 pesos", None),
        ("5,000 propiedades de 2 recámaras", 5_000),
        ("5,000 propiedades de lujo", 5_000),
        ("5,000 properties from $100,000", 5_000),
        ("24 propiedades nuevas hoy", None),
        ("24 resultados nuevos", None),
        ("24 properties (new today)", None),
        ("24 imóveis novos", None),
        ("24 featured listings", None),
        ("24 propiedades destacadas", None),
        ("Nuevas propiedades: 24", None),
        ("New listings: 24", None),
        ("Properties in New York · Total: 5,000", 5_000),
        ("42 results per page", None),
        ("42 properties on this page", None),
        ("42 propiedades por página", None),
        ("42 propiedades por página, 5,000 propiedades", 5_000),
        ("42 imóveis nesta página", None),
    ],
)
def test_a_number_of_some_listings_is_no_total(heading: str, total: int | None) -> None:
    markup = f'<div class="action__result"><h2>{heading}</h2></div>'
    assert parse_listing_page(markup, URL_2025).total_listings == total


@pytest.mark.parametrize(
    ("declared", "heading"),
    [("", "2 listings"), ("", "1 propiedad a la vista"), ("2", ""), ("", "Resultados: 2")],
)
@pytest.mark.parametrize("summary", ["", "Page 1 of 1"])
def test_a_total_that_one_page_holds_is_none_where_another_follows(
    declared: str, heading: str, summary: str
) -> None:
    cards = "".join(
        f'<div class="property__component"><a href="/en/home/casa-{n}"></a></div>' for n in (1, 2)
    )
    page = (
        f'<div class="action__result"><h2>{heading}</h2></div>'
        f'<div data-search-results data-total="{declared}">{cards}</div>'
        f'<div class="pagination-summary">{summary}</div>'
    )
    after = '<span class="next"><a href="?page=2">2</a></span>'
    alone, followed = (parse_listing_page(each, URL_2026) for each in (page, page + after))
    assert (alone.total_listings, alone.total_pages) in {(1, 1), (2, 1)}
    assert (followed.total_listings, followed.total_pages) == (None, None)
    assert len(followed.entries) == 2


@pytest.mark.parametrize(
    ("pager", "pages"),
    [
        ("1–24 de 17,249", None),
        ("1–24 of 17,249 · Page 3 of 719", 719),
        ("PÁGINA 3 DE 719", 719),
        ("Page 3 out of 719", 719),
    ],
)
def test_the_number_of_listings_is_none_of_pages(pager: str, pages: int | None) -> None:
    page = parse_listing_page(f'<div class="pagination-summary">{pager}</div>', URL_2025)
    assert page.total_pages == pages


def test_a_link_to_something_else_makes_a_card_unreadable() -> None:
    page = parse_listing_page(card('<a href="/en/development/torre"></a>'), URL_2025)
    assert page.entries == ()
    assert "/en/development/torre" in page.unreadable_cards[0]


def test_an_overlong_title_is_cut_and_nul_bytes_are_left_out() -> None:
    title = "a\0" * 600
    markup = card(
        f'<a class="property__content" href="/en/home/casa-a"><b class="title">{title}</b></a>'
    )
    assert only_entry(markup).listing_page_title == "a" * 500


def test_nul_and_broken_characters_hidden_in_json_ld_are_left_out() -> None:
    twin = {"@type": "RealEstateListing", "url": "/en/home/casa-a", "name": "a\0\ud800b"}
    markup = f'<script type="application/ld+json">{json.dumps(twin)}</script>' + card(
        '<a href="/en/home/casa-a"></a>'
    )
    assert only_entry(markup).listing_page_title == "ab"


@pytest.mark.parametrize("area", ["100,000,000 m²", "9" * 400 + " m²"])
def test_an_area_beyond_its_column_is_none(area: str) -> None:
    inside = f'<a href="/en/home/casa-a"><div class="features"><div>{area}</div></div></a>'
    assert only_entry(card(inside)).total_area_m2 is None


@pytest.mark.parametrize(
    ("chip", "area"),
    [
        ('<span>60</span> <i class="fa fa-arrow-right"></i> <span>120</span> m²', None),
        *(("<b>3</b> <b>120 m²</b>", None), ("<b>3</b><b>120 m²</b>", None)),
        *(("12 500 m²", Decimal(12_500)), ("<b>12 500</b> <i>m²</i>", Decimal(12_500))),
    ],
)
def test_numbers_of_two_elements_are_not_one(chip: str, area: Decimal | None) -> None:
    inside = f'<a href="/en/home/casa-a"><div class="features"><div>{chip}</div></div></a>'
    assert only_entry(card(inside)).total_area_m2 == area


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("0", "0"), ("91", "-99"), ("19.4", "-181"), ("-99.1", "19.4"), ("nan", "nan"), ("", "x")],
)
def test_coordinates_that_cannot_be_true_are_none(latitude: str, longitude: str) -> None:
    attributes = f'data-lat="{latitude}" data-long="{longitude}"'
    entry = only_entry(card('<a href="/en/home/casa-a"></a>', attributes))
    assert (entry.latitude, entry.longitude) == (None, None)


def test_bytes_and_text_are_read_alike(markup_2026: str, page_2026: ListingPage) -> None:
    assert parse_listing_page(markup_2026.encode(), URL_2026) == page_2026


@given(st.binary(max_size=2000))
def test_arbitrary_bytes_are_a_page_without_entries(markup: bytes) -> None:
    assert parse_listing_page(markup, URL_2025).entries == ()


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_content_of_a_card_makes_the_parser_fail(
    href: str, title: str, chip: str, price: str
) -> None:
    markup = card(
        f'<a href="{href}"><div class="title">{title}</div><div class="features"><div>{chip}'
        f'</div></div><div class="price">{price}</div></a>',
        f'data-id="{href}" data-lat="{price}" data-long="{chip}"',
    )
    page = parse_listing_page(markup, URL_2025)
    assert json.dumps(as_dict(page), allow_nan=False).isascii()


def test_the_printed_form_has_numbers_and_marks_only_what_is_unusual(
    page_2025: ListingPage,
) -> None:
    printed = as_dict(replace(page_2025, entries=page_2025.entries[3:4]))
    assert printed == {
        "total_listings": 1158,
        "total_pages": 49,
        "next_page": None,
        "entries": [
            {
                "property_id": page_2025.entries[3].property_id,
                "public_id": "EB-LY7001",
                "source_url": "https://www.pincali.com/en/home/terreno-campestre-la-laguna",
                "listing_page_title": "Country lot La Laguna",
                "listing_page_price": 0.5,
                "latitude": None,
                "longitude": None,
                "exact_location": False,
                "offers": [{"operation": "sale", "amount": 0.5, "currency": "MXN", "per_m2": True}],
            }
        ],
    }


SLIDE = """<div class="swiper-slide">
    <a data-new-tab-desktop="true" href="/en/home/casa-a">
      <picture>
        <img data-src="https://assets.easybroker.com/property_images/5535587/{}/EB-AA0001.jpg">
      </picture>
</a>  </div>
"""


def test_photos_of_another_listing_are_left_for_whoever_asks_whose_they_are() -> None:
    slides = SLIDE.format(1) + SLIDE.format(2).replace("5535587", "5535586")
    assert only_entry(card(slides)).public_id is None


@pytest.mark.parametrize("between", ["", "\n", '<div class="swiper-slide"></div>', "<p>of 3</p>"])
def test_of_many_photos_the_first_is_read_and_the_rest_of_the_card_too(between: str) -> None:
    slides = between.join(SLIDE.format(number) for number in range(1, 4))
    entry = only_entry(
        card(f'{slides}{between}<div class="location">Casa en Mitras, Monterrey</div>')
    )
    assert (
        entry.main_image_url
        == "https://assets.easybroker.com/property_images/5535587/1/EB-AA0001.jpg"
    )
    assert (entry.property_type, entry.neighborhood, entry.city) == ("house", "Mitras", "Monterrey")


def photos(*paths: str, attribute: str = "data-src") -> str:
    images = "".join(f'<img {attribute}="https://assets.easybroker.com{each}">' for each in paths)
    link = '<a class="property__content" href="/en/home/a-house">House</a>'
    return f'{link}<div class="swiper-slide">{images}</div>'


@pytest.mark.parametrize(
    ("inside", "public_id"),
    [
        (photos("/property_images/5123456/1/EB-SR3456.jpg"), "EB-SR3456"),
        (
            photos("/property_images/5123456/1/a.jpg", "/property_images/5123456/2/b.heic"),
            "EB-SR3456",
        ),
        (photos("/property_images/5123456/1/a.jpg", attribute="src"), "EB-SR3456"),
        (photos("/property_images/5123456/1/a.jpg", "/property_images/5123457/2/b.jpg"), None),
        (photos("/property_images/9999/1/a.jpg"), None),
        (photos("/agent_images/5123456/1/a.jpg", "/logo.png"), None),
        (photos(), None),
    ],
)
def test_a_card_without_an_id_is_known_by_the_number_that_its_photos_lie_under(
    inside: str, public_id: str | None
) -> None:
    assert only_entry(card(inside)).public_id == public_id


def test_a_cards_own_id_is_believed_before_its_photos() -> None:
    inside = photos("/property_images/5123456/1/a.jpg")
    assert only_entry(card(inside, 'data-id="EB-QA0001"')).public_id == "EB-QA0001"


def test_a_card_that_trips_the_parser_costs_that_card(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(card: Any, *rest: Any) -> ManifestEntry:
        if "casa-b" in (card.html or ""):
            raise ArithmeticError("nobody thought of this")
        return parse_card(card, *rest)

    monkeypatch.setattr(listing_page, "parse_card", broken)
    cards = "".join(
        f'<div class="property__component"><a href="/en/home/casa-{name}"></a></div>'
        for name in "abc"
    )
    page = parse_listing_page(f"<div data-search-results>{cards}</div>", URL_2025)
    assert [entry.source_url[-1] for entry in page.entries] == ["a", "c"]
    assert page.unreadable_cards == ("card that trips the parser: ArithmeticError",)


@pytest.mark.parametrize("value", ["1" + "0" * 400, "-1" + "0" * 400, "1e999", "NaN", "1e300"])
def test_a_number_beyond_all_measure_in_json_ld_is_no_area(value: str) -> None:
    twin = (
        '{"@type": "RealEstateListing", "url": "/en/home/casa-a", "name": "Casa", '
        f'"floorSize": {{"value": {value}}}}}'
    )
    markup = f'<script type="application/ld+json">{twin}</script>' + card(
        '<a href="/en/home/casa-a"></a>'
    )
    assert (only_entry(markup).listing_page_title, only_entry(markup).total_area_m2) == (
        "Casa",
        None,
    )
