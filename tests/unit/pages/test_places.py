"""Pins, place lines and addresses say where a listing lies, or nothing."""

from __future__ import annotations

from json import dumps

import pytest

from pincali_sync.items import Property
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.pages.places import coordinates_in_url, coordinates_of, place_of

URL = "https://www.pincali.com/en/home/casa-a"
PIN = (20.9674, -89.5926)

PINS: list[tuple[object, object]] = [
    ("20.9674", "-89.5926"),
    (" 20.9674\n", "-89.5926 "),
    ("+20.9674", "-89.5926"),
    ("020.96740", "-089.59260"),
    (20.9674, -89.5926),
    ("20.9674", -89.5926),
]
NO_PINS: list[tuple[object, object]] = [
    (0, 0),
    ("0.0", "0.0"),
    ("-89.5926", "20.9674"),
    ("20.9674", "89.5926"),
    ("-20.9674", "-89.5926"),
    ("20,9674", "-89,5926"),
    ("20.9674°", "-89.5926°"),
    ("20.9674 N", "89.5926 W"),
    ("20°58'02\"N", "89°35'33\"W"),
    ("20 58 02", "-89 35 33"),
    ("20.9674", None),
    (None, "-89.5926"),
    ("20.9674", ""),
    ("nan", "nan"),
    (float("nan"), float("nan")),
    (float("inf"), -89.5926),
    ("2.09674e1", "-8.95926e1"),
    ("2_0.9674", "-89.5926"),
    ("20.9674,-89.5926", "20.9674,-89.5926"),
    ("20.96.74", "-89.59.26"),
    ("\u0662\u0660.9674", "-89.5926"),
    ("null", "undefined"),
    (True, True),
    ([20.9674], [-89.5926]),
    ({"value": 20.9674}, -89.5926),
    (10**400, -89.5926),
    ("209674", "-895926"),
    ("48.8566", "2.3522"),
]
MAPS = [
    "https://www.google.com/maps/embed/v1/place?key=x&q=20.9674,-89.5926",
    "https://google.com/maps?&q=20.9674+-89.5926",
    "https://maps.google.com/?q=loc:20.9674,-89.5926",
    "https://maps.google.com/?q=20.9674%2C-89.5926&z=15",
    "https://maps.google.com/?q=20.9674,%20-89.5926",
    "https://maps.google.com/maps?ll=20.9674,-89.5926&z=16",
    "https://www.google.com/maps/search/?api=1&query=20.9674,-89.5926",
    "https://www.google.com/maps/place/Casa/@20.9674,-89.5926,17z",
    "https://www.google.com/maps?q=Calle+60,+Centro&ll=20.9674,-89.5926",
    # beside what a map shows around the point
    "https://maps.google.com/maps?ll=19.43,-99.13&z=16&q=20.9674,-89.5926&output=embed",
    "https://maps.google.com/maps?q=20.9674,-89.5926&z=16&ll=19.43,-99.13",
    "https://www.google.com/maps/place/X/@19.43,-99.13,15z/data=!3m1!8m2!3d20.9674!4d-89.5926",
    "https://www.google.com/maps/place/20.9674,-89.5926/@19.43,-99.13,15z",
    "https://www.google.com/maps/search/20.9674,+-89.5926/@19.43,-99.13,15z",
    "https://www.google.com/maps/@19.43,-99.13,15z?q=20.9674,-89.5926",
    "https://maps.google.com/maps?q=20.9674,-89.5926&query=20.96740,-89.5926",
]
NO_MAPS = [
    "https://google.com/maps?q=-89.5926,20.9674",
    "https://google.com/maps?q=20,9674,-89,5926",
    "https://google.com/maps?q=20.9674,89.5926",
    "https://google.com/maps?q=20.9674",
    "https://google.com/maps?q=0,0",
    "https://google.com/maps?q=nan,nan",
    "https://google.com/maps?q=20.9674,-89.5926.5",
    "https://google.com/maps?q=20.9674%C2%B0+N,+89.5926%C2%B0+W",
    "https://google.com/maps?q=20,-89,5926",
    "https://google.com/maps?q=20.9674,-89%C2%B035'33",
    "https://google.com/maps?q=Calle+20,-89",
    "https://google.com/maps?q=Merida",
    "https://google.com/maps?q=20.9674,-89.5926&query=19.43,-99.13",
    "https://google.com/maps?q=0,0&ll=20.9674,-89.5926",
    "https://google.com/maps?q=20.9674&ll=20.9674,-89.5926",
    "https://google.com/maps?q=19%C2%B002'28&ll=20.9674,-89.5926",
    "https://google.com/maps?ll=20.9674,-89.5926&ll=19.43,-99.13",
    "https://www.google.com/maps/place/X/@20.9674,-89.5926,15z/data=!3d20.9!4d-89.5!3d19.4!4d-99.1",
    "https://www.google.com/maps/embed?pb=!1m18!2d-89.5926!3d20.9674!2m3",
    "/maps/@nowhere",
    "",
]


@pytest.mark.parametrize(("latitude", "longitude"), PINS)
def test_two_numbers_are_a_pin(latitude: object, longitude: object) -> None:
    assert coordinates_of(latitude, longitude) == PIN


@pytest.mark.parametrize(("latitude", "longitude"), NO_PINS)
def test_what_may_be_another_place_is_no_pin(latitude: object, longitude: object) -> None:
    assert coordinates_of(latitude, longitude) is None


@pytest.mark.parametrize("url", MAPS)
def test_a_maps_url_holds_the_pin(url: str) -> None:
    assert coordinates_in_url(url) == PIN


@pytest.mark.parametrize("url", NO_MAPS)
def test_a_maps_url_of_another_writing_holds_none(url: str) -> None:
    assert coordinates_in_url(url) is None


OWN_MAP, OTHER_MAP = MAPS[0], "https://maps.google.com/maps?q=20.67,-103.35&z=15"


def frame(url: str) -> str:
    return f"<div data-lazy-iframe-url='{url}'></div>"


OFFICES = [
    f"<aside class='listing__sidebar'>{frame(OTHER_MAP)}</aside>",
    f"<div class='publisher-info'><p>{frame(OTHER_MAP)}</p></div>",
    f"<div class='agent-card' data-lazy-iframe-url='{OTHER_MAP}'></div>",
    f"<footer>{frame(OTHER_MAP)}</footer>",
]


@pytest.mark.parametrize("office", OFFICES)
def test_a_map_of_who_publishes_the_listing_is_none_of_its_own(office: str) -> None:
    assert page(office).gps_coordinates is None
    for own in (f"<div class='listing__map'>{frame(OWN_MAP)}</div>", frame(OWN_MAP)):
        for markup in (office + own, own + office):
            found = page(markup)
            assert (found.latitude, found.longitude) == PIN


def test_of_maps_with_different_points_none_is_the_listings() -> None:
    assert page(frame(OWN_MAP) + frame(OWN_MAP)).latitude == PIN[0]
    assert page(frame(OWN_MAP) + frame(OTHER_MAP)).latitude is None
    own = f"<div class='listing__map'>{frame(OWN_MAP)}{frame('https://tour.example/')}</div>"
    assert page(frame(OTHER_MAP) + own).latitude == PIN[0]
    assert page(own.replace("</div></div>", f"</div>{frame(OTHER_MAP)}</div>")).latitude is None


def test_the_listings_data_tell_its_point_before_a_map_that_stands_elsewhere() -> None:
    geo = {"@type": "House", "geo": {"latitude": PIN[0], "longitude": PIN[1]}}
    found = page(f'<script type="application/ld+json">{dumps(geo)}</script>{frame(OTHER_MAP)}')
    assert (found.latitude, found.longitude) == PIN


@pytest.mark.parametrize(("latitude", "longitude"), [*PINS[:2], *NO_PINS[:14]])
def test_a_card_has_both_numbers_or_none(latitude: object, longitude: object) -> None:
    shown = [str(each).replace('"', "&quot;") for each in (latitude, longitude)]
    (entry,) = parse_listing_page(
        '<div data-search-results data-total="1"><div class="property__component" '
        f'data-lat="{shown[0]}" data-long="{shown[1]}"><a href="/en/home/casa-a"></a></div></div>',
        URL,
    ).entries
    pin = coordinates_of(*map(str, (latitude, longitude)))
    assert (entry.latitude, entry.longitude) == (pin or (None, None))


@pytest.mark.parametrize(("latitude", "longitude"), [*PINS[4:], *NO_PINS[:12], (20.9674, "NaN")])
def test_a_page_has_the_pin_of_its_data_or_none(latitude: object, longitude: object) -> None:
    geo = {"@type": "House", "geo": {"latitude": latitude, "longitude": longitude}}
    prop = page(f'<script type="application/ld+json">{dumps(geo)}</script>')
    pin = coordinates_of(latitude, longitude)
    assert (prop.latitude, prop.longitude) == (pin or (None, None))
    assert prop.gps_coordinates == (f"{PIN[0]},{PIN[1]}" if pin else None)


@pytest.mark.parametrize(
    ("line", "property_type", "neighborhood", "city"),
    [
        ("House in Lomas, Zapopan", "house", "Lomas", "Zapopan"),
        ("House in Condominium in Lomas, Zapopan", "house in condominium", "Lomas", "Zapopan"),
        ("House in Cumbres, Monterrey, N.L.", "house", "Cumbres", "Monterrey"),
        ("Casa en Centro, Cancún, Q. Roo", "house", "Centro", "Cancún"),
        ("House in Zona Centro, Tijuana, B.C.", "house", "Zona Centro", "Tijuana"),
        ("House in Satélite, Naucalpan, Edo. Méx.", "house", "Satélite", "Naucalpan"),
        ("CASA EN CONDOMINIO EN LOMAS, ZAPOPAN", "house in condominium", "LOMAS", "ZAPOPAN"),
        ("Casa em condomínio em Lomas, Zapopan", "house in condominium", "Lomas", "Zapopan"),
        ("Departamento en Vista en el Bosque, León", "apartment", "Vista en el Bosque", "León"),
        ("Casa en venta en Lomas, Zapopan", "house", "Lomas", "Zapopan"),
        ("Departamento en Renta en Lomas, Zapopan", "apartment", "Lomas", "Zapopan"),
        ("House for sale or rent in Lomas, Zapopan", "house", "Lomas", "Zapopan"),
        ("Lot in Mexicali", "lot", None, "Mexicali"),
        ("House in , Mexicali", "house", None, "Mexicali"),
        ("House in Mexicali, Mexicali", "house", "Mexicali", "Mexicali"),
        ("House, Mexicali", "house", None, "Mexicali"),
        ("House", "house", None, None),
        ("House in Lomas, Zapopan, Jalisco", "house", "Lomas", "Zapopan"),
        ("House in Zapopan, Jalisco", "house", None, "Zapopan"),
        ("Lot in Norte, Tizimín, Yucatán, México", "lot", "Norte", "Tizimín"),
        ("House in Centro, Puebla", "house", "Centro", "Puebla"),
        ("House in Centro, Puebla, Puebla", "house", "Centro", "Puebla"),
        ("House in Marzo (Alta, 2), León", "house", "Marzo (Alta, 2)", "León"),
        ("Lomas, Zapopan", None, "Lomas", "Zapopan"),
        ("", None, None, None),
        (" , ", None, None, None),
    ],
)
def test_a_place_line_is_type_neighbourhood_and_city(
    line: str, property_type: str | None, neighborhood: str | None, city: str | None
) -> None:
    assert [*place_of(line).values()] == [property_type, neighborhood, city]


def page(markup: str = "", line: str = "", shown: str = "", **tracking: str) -> Property:
    data = dumps({"Property ID": "EB-VR1002", **tracking}).replace('"', "&quot;")
    return parse_detail_page(
        f'<div data-track-custom-properties="{data}"></div><h1 class="property-title">Casa</h1>'
        f'<h2 class="location">{line}</h2><p class="map-address-info">{shown}</p>{markup}',
        URL,
    )


CENTRO, ROMA_NORTE = "House in Centro, Mérida", "Flat in Roma Norte, Cuauhtémoc"
MERIDA = {"City": "Mérida", "State": "Yucatán"}
ROMA = {"City": "Cuauhtémoc", "State": "Distrito Federal"}


@pytest.mark.parametrize(
    ("line", "shown", "tracking", "place"),
    [
        # street, neighbourhood, city, state
        (CENTRO, "Calle 60 #1, Centro, Mérida, Yucatán", MERIDA, "Calle 60 #1|Centro"),
        (CENTRO, "C. 60, int. 2, Centro, Mérida, Yucatán", MERIDA, "C. 60, int. 2|Centro"),
        (CENTRO, "Centro, Mérida, Yucatán", MERIDA, "|Centro"),
        (CENTRO, "Centro, Mérida, Yucatán, México", MERIDA, "|Centro"),
        (CENTRO, "Calle 60, Centro, 97000 Mérida, Yucatán", MERIDA, "Calle 60|Centro"),
        (CENTRO, "Calle 60, Centro, C.P. 97000, Mérida, Yucatán", MERIDA, "Calle 60|Centro"),
        (CENTRO, "Mérida, Yucatán", MERIDA, "|Centro"),
        (CENTRO, "", MERIDA, "|Centro"),
        ("House in Mérida", "Calle 60, Centro, Mérida, Yucatán", MERIDA, "Calle 60|Centro"),
        ("House in Mérida, Mérida", "Calle 60, Mérida, Mérida, Yucatán", MERIDA, "Calle 60|Mérida"),
        (ROMA_NORTE, "Roma Norte, Cuauhtémoc, Ciudad de México", ROMA, "|Roma Norte"),
        (ROMA_NORTE, "Tonalá 1, Roma Norte, Cuauhtémoc, CDMX", ROMA, "Tonalá 1|Roma Norte"),
        # what contradicts the place line, or ends otherwise, is not believed
        (CENTRO, "Calle 5, Itzimná, Mérida, Yucatán", MERIDA, "|Centro"),
        ("House in Mérida", "Centro, Progreso, Yucatán", MERIDA, "|"),
        ("House in Mérida", "Centro", MERIDA, "|"),
        ("House in Mérida", "Ask the agent", MERIDA, "|"),
    ],
)
def test_an_address_is_read_from_its_end_as_far_as_it_is_borne_out(
    line: str, shown: str, tracking: dict[str, str], place: str
) -> None:
    prop = page(line=line, shown=shown, **tracking)
    assert (prop.address or "", prop.neighborhood or "") == tuple(place.split("|"))
    assert (prop.city, prop.state) == (tracking["City"], tracking["State"])


@pytest.mark.parametrize(
    ("line", "shown", "city", "state"),
    [
        ("House in Centro, Mérida", "Calle 60, Centro, Mérida, Yucatán", "Mérida", "Yucatán"),
        ("House in Centro, Mérida", "Calle 60, Centro, Mérida", "Mérida", None),
        ("House in Centro, Puebla", "Calle 5, Centro, Puebla", "Puebla", None),
        ("", "Centro, Mérida, Yucatán, México", "Mérida", "Yucatán"),
        ("", "Calle 60, Centro, Mérida", None, None),
        ("House in Centro, Mérida", "", "Mérida", None),
    ],
)
def test_without_data_city_and_state_are_where_a_state_ends_the_address(
    line: str, shown: str, city: str | None, state: str | None
) -> None:
    prop = page(line=line, shown=shown)
    assert (prop.city, prop.state) == (city, state)


def test_a_crumb_that_is_no_type_is_none() -> None:
    crumbs = '<div class="eb-breadcrumbs"><a>Home</a><a>{}</a></div>'
    assert page(crumbs.format("Apartment")).property_type == "apartment"
    assert page(crumbs.format("Baja California")).property_type is None
