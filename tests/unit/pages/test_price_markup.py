"""A price is what its element shows now; what is struck out or hidden is none."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from selectolax.lexbor import LexborHTMLParser

from pincali_sync.domain.prices import Currency, Offer, Operation
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.pages.markup import tree_of
from pincali_sync.pages.prices import offers_of
from pincali_sync.pages.shown import texts_of


def offers(markup: str) -> tuple[Offer, ...]:
    tree = LexborHTMLParser(f'<div class="property__component"><a>{markup}</a></div>')
    return offers_of(tree.css(".price"), Operation.SALE)


def price(inner: str) -> str:
    return f'<div class="price">{inner} <span class="operation-type">For Sale</span></div>'


def sale(amount: str, *, per_m2: bool = False) -> Offer:
    operation, currency = Operation.SALE, Currency.MXN
    return Offer(operation=operation, amount=Decimal(amount), currency=currency, per_m2=per_m2)


OLD = "$990,000 MXN"
NOT_NOW = [
    *(f"<{tag}>{OLD}</{tag}>" for tag in ("del", "s", "strike")),
    f"<small><s>{OLD}</s></small>",
    f"<del><b>{OLD}</b></del>",
    f"Antes <del>{OLD}</del> Ahora",
    f"Was: <s>{OLD}</s>",
    f"De <s>{OLD}</s> por",
    f"Precio anterior: <strike>{OLD}</strike>",
    *(
        f'<span class="{name}">{OLD}</span>'
        for name in (
            "old-price",
            "price-old",
            "price--old text-muted",
            "price_was",
            "oldPrice",
            "priceWas",
            "was",
            "before",
            "previous-price",
            "original-price",
            "regular-price",
            "compare-at-price",
            "precio-anterior",
            "precio-viejo",
            "former-price",
            "oldprice",
            "price-regular",
            "price_line_through",
            "tachado",
            "line-through",
            "text-decoration-line-through",
            "strikethrough",
            "d-none",
            "hidden",
            "sr-only",
            "visually-hidden",
            "visuallyHidden",
            "is-sr-only",
            "cdk-visually-hidden",
            "show-for-sr",
            "ng-hide",
            "screen-reader-text",
            "a-offscreen",
            "invisible",
            "tooltip-text",
        )
    ),
    *(
        f"<span {attribute}>{OLD}</span>"
        for attribute in (
            'style="text-decoration: line-through"',
            'style="color:red;TEXT-DECORATION:line-through"',
            'style="display:none"',
            'style="visibility: hidden"',
            'style="font-size:0"',
            'style="opacity: 0"',
            'style="opacity:0.0"',
            'style="position:absolute;left:-9999px"',
            'style="position:absolute; clip: rect(0 0 0 0); width:1px"',
            'style="height:0;overflow:hidden"',
            "hidden",
            'aria-hidden="true"',
        )
    ),
    '<script>var price = "$1";</script>',
    "<style>.price { margin: 1px 2px }</style>",
    "<template>$1</template>",
    "<noscript>$1</noscript>",
    "<svg><title>$1</title><text>2</text></svg>",
    "<!-- $1 -->",
    '<i class="icon" title="$1"></i>',
]


@pytest.mark.parametrize("not_now", NOT_NOW)
def test_what_is_struck_out_or_hidden_is_no_part_of_a_price(not_now: str) -> None:
    assert offers(price(f"{not_now} <ins>$950,000 MXN</ins>")) == (sale("950000"),)
    assert offers(price(f"<b>$950,000</b> {not_now}")) == (sale("950000"),)


@pytest.mark.parametrize("not_now", [each for each in NOT_NOW if OLD in each])
def test_a_price_of_which_nothing_is_shown_is_not_one_on_request(not_now: str) -> None:
    assert offers(price(not_now)) == ()


@pytest.mark.parametrize(
    "shown",
    [
        '<span class="d-none d-lg-inline">$950,000</span>',
        '<span class="hidden md:block">$950,000</span>',
        '<span class="bold before:content-none" style="opacity:0.8">$950,000</span>',
        '<ins class="new-price" style="font-size:0.9em">$950,000</ins>',
        '<span class="font-regular overflow-hidden compare">$950,000</span>',
        '<span style="min-width:0;line-height:0;background-clip:text">$950,000</span>',
        '<span style="opacity:0.8;width:0.9em">$950,000</span>',
        "$950,000.<sup>00</sup>",
        '<abbr title="US dollars">MXN</abbr> 950,000',
        "<sup>$</sup>950,000<sup>00</sup>",
        "$950,000<sup>.00</sup>",
        "$950<b>,000</b>",
        "$950<wbr>,000",
        "<span>$</span><span>950,000</span><small>MXN</small>",
        "&#36;950&#44;000&nbsp;MXN",
        "$ 950&nbsp;000",
        "$950,000<br>MXN",
        '<span class="price">$950,000</span>',
    ],
)
def test_a_price_in_several_elements_is_read_as_one(shown: str) -> None:
    assert offers(price(shown)) == (sale("950000"),)


@pytest.mark.parametrize("unit", ["por m<sup>2</sup>", "/ mts<sup>2</sup> MXN", "<b>por</b> m²"])
def test_a_raised_2_makes_metres_square(unit: str) -> None:
    assert offers(price(f"$8,800 {unit}")) == (sale("8800", per_m2=True),)


def test_raised_cents_are_cents() -> None:
    assert offers(price("$950,000<sup>50</sup>")) == (sale("950000.50"),)


@pytest.mark.parametrize(
    "doubtful",
    [
        "$950,000<sup>1</sup>",
        "$950<sup>2</sup>",
        "$950 per ft<sup>2</sup>",
        "<p>$990,000</p><p>$950,000</p>",
        "<div>$950</div><div>120 m²</div>",
        "<span>$950</span> <span>120</span>",
        "<select><option>MXN<option>USD</select> 950,000",
        '<span aria-hidden="true">$</span><span class="sr-only">US dollars</span> 950,000',
        "\u202e$000,950",
        'Antes <span class="sr-only">$990,000</span> $950,000',
        "Antes $990,000 <s>$950,000</s>",
        '$950,000 <span class="sr-only">US dollars</span>',
        '$950,000 <span class="visually-hidden">por m²</span>',
    ],
)
def test_markup_that_may_mean_another_price_is_no_offer(doubtful: str) -> None:
    assert offers(price(doubtful)) == ()


def test_numbers_of_two_elements_are_never_one_beyond_a_gap() -> None:
    tree = LexborHTMLParser("<p><b>1</b> <b>250</b><b>,000</b><i>9</i>\n<br>8</p>")
    assert texts_of(tree.css("p")[0]) == ("1 | 250,0009 | 8", "")


RENT = '<li class="price">US$ 900 <span>For Rent</span></li>'


@pytest.mark.parametrize(
    "former",
    [
        '<s class="price">$990,000</s>',
        '<div class="price old">$990,000</div>',
        '<del><div class="price">$990,000 For Sale</div></del>',
        '<div class="precio-anterior"><span><b class="price">$990,000</b></span></div>',
        '<div hidden><div class="price">$990,000</div></div>',
        '<div class="price"></div>',
        price("$950,000"),
    ],
)
def test_of_several_prices_those_that_hold_are_the_offers(former: str) -> None:
    found = offers(former + price("$950,000") + RENT)
    assert [(offer.operation, offer.amount) for offer in found] == [
        (Operation.SALE, Decimal(950_000)),
        (Operation.RENT, Decimal(900)),
    ]


@pytest.mark.parametrize(
    "other",
    [
        price("$990,000"),
        price("US$ 950,000"),
        price("$950,000 por m²"),
        price("CA$ 70,000"),
        price("Antes $990,000"),
        price("Consulte precio"),
        price("Próximamente"),
        price(f"<del>{OLD}</del>"),
        f'<div class="price"><del>{OLD}</del></div>',
    ],
)
def test_where_one_of_several_prices_is_not_certain_there_is_none(other: str) -> None:
    assert offers(price("$950,000") + other + RENT) == ()
    assert offers(RENT + other + price("$950,000")) == ()


@pytest.mark.parametrize("tag", ["s", "S", "strike", "small", "b"])
def test_type_that_is_made_plain_ends_where_it_ended_and_stays_struck_out(tag: str) -> None:
    """What looks costly to parse, as markup within `<s>` does, is parsed as other elements."""
    outer = "span" if tag.lower().startswith("s") and tag != "small" else "s"
    markup = (
        f"<{tag}><{outer}><i>{OLD}</i></{outer}></{tag}><b class='sr-only'><i>.</i></b> $950,000"
    )
    tree = tree_of(f'<div class="property__component">{price(markup)}</div>', "/")
    assert offers_of(tree.css(".price"), None) == (sale("950000"),)


def test_in_more_markup_than_a_price_has_none_is_certain() -> None:
    assert offers(price("$850,000 MXN" + "<i></i>" * 1_200)) == ()
    assert offers(price("$850,000 MXN" + "<i></i>" * 100)) == (sale("850000"),)


def test_words_too_long_to_be_a_class_are_looked_at_but_not_kept() -> None:
    assert offers(price(f'<i class="{"x " * 500}old">{OLD}</i> $950,000')) == (sale("950000"),)


def currencies(inner: str, data: object, tracked: object = None) -> list[tuple[str, ...]]:
    """What a search page and a listing's own page say of the same price and data."""
    url = "https://www.pincali.com/en/home/casa-a"
    twin = {"@type": "RealEstateListing", "url": url, "offers": data}
    script = f'<script type="application/ld+json">{json.dumps(twin)}</script>'
    tracking = json.dumps({"Property ID": "EB-VR1002", "Currency": tracked or ""})
    search = parse_listing_page(
        f"{script}<div data-search-results><div class=property__component>"
        f"<a href='{url}'></a>{price(inner)}</div></div>",
        "https://www.pincali.com/en/properties/properties-for-sale",
    )
    own = parse_detail_page(
        f"{script}<div class=listing__header data-track-custom-properties='{tracking}'></div>"
        f"<h1 class=property-title>Casa</h1><div class=listing__price>{price(inner)}</div>",
        url,
    )
    return [
        tuple(offer.currency.value for offer in found)
        for found in (search.entries[0].offers, own.offers)
    ]


@pytest.mark.parametrize(
    ("inner", "declared", "currency"),
    [
        ("$52,000", {"priceCurrency": "USD", "price": 52_000}, ()),
        ("$52,000", [{"priceCurrency": "usd"}], ()),
        ("$52,000", {"priceCurrency": "COP"}, ()),
        ("$52,000", [{"priceCurrency": "USD"}, {"priceCurrency": "MXN"}], ("MXN",)),
        ("$52,000", {"@type": "AggregateOffer", "offers": [{"priceCurrency": "USD"}]}, ()),
        ("$52,000", {"priceSpecification": {"priceCurrency": "USD", "price": 52_000}}, ()),
        ("$52,000", [{"priceSpecification": [{"priceCurrency": "USD"}]}], ()),
        ("$52,000", {"offers": {"priceSpecification": {"priceCurrency": "USD"}}}, ()),
        ("$52,000", {"offers": [{"priceCurrency": "USD"}, {"priceCurrency": "MXN"}]}, ("MXN",)),
        ("$52,000", {"seller": {"priceCurrency": "USD"}}, ("MXN",)),
        ("$52,000", {"priceCurrency": "MXN", "price": 95}, ("MXN",)),
        ("$52,000", [], ("MXN",)),
        ("$52,000", [None, "USD", {"priceCurrency": ["USD"]}, {"priceCurrency": "$"}], ("MXN",)),
        ("$52,000 MXN", {"priceCurrency": "USD"}, ("MXN",)),
        ("US$ 52,000", {"priceCurrency": "MXN"}, ("USD",)),
        ("", {"priceCurrency": "USD", "price": 52_000}, ("MXN",)),
    ],
)
def test_a_bare_sign_is_no_peso_where_the_pages_data_name_other_money(
    inner: str, declared: object, currency: tuple[str, ...]
) -> None:
    assert currencies(inner, declared) == [currency, currency]


def test_the_tracking_data_name_the_currency_too() -> None:
    assert currencies("$52,000", [], "USD") == [("MXN",), ()]
    assert currencies("$52,000", [], "Peso") == [("MXN",), ("MXN",)]


BESIDE = [
    "{price}<div class='unit'>{unit}</div>",
    "{price} {unit}",
    "{price}<span class='badge'>Exclusiva</span> <small>{unit}</small>",
    "<span class='currency'>{unit}</span>{price}",
    "{price}<b><i>{unit}</i></b>",
    "<div><div>{price}<span>{unit}</span></div></div>",
]
OTHER_UNITS = ["por m²", "/m2", "por metro cuadrado", "USD", "dólares", "en USD", "por hectárea"]


@pytest.mark.parametrize("form", BESIDE)
@pytest.mark.parametrize("unit", [*OTHER_UNITS, "mensual", "EUR", "Precio por m²"])
def test_a_price_beside_which_another_unit_or_currency_stands_is_none(form: str, unit: str) -> None:
    for inner in ("$8,800", "$8,800 MXN"):
        assert offers(form.format(price=price(inner), unit=unit)) == (), inner
    two = price("$9,000") + form.format(price=price("$8,800").replace("Sale", "Rent"), unit="USD")
    assert offers(two) == ()


UNKNOWN_UNITS = """
por noche ; Por Noche ; por persona ; por acre ; per sq ft ; por ft² ; por ft2 ; por 2 noches
cada 15 días ; al año ; a la semana ; la noche ; x noche ; /noche ; / noche ; p/noche ; /persona
MXN / noche ; Precio por noche ; Precio / persona ; Renta diaria ; Renta vacacional ; noche
noches ; semanal ; anual ; anual + IVA ; c/u ; p.a. ; por cada 2 personas ; (por noche) ; - por día
CAD ; CA$ ; C$ ; R$ ; COP ; (CAD) ; Precio en CAD ; dólares canadienses ; pesos colombianos
Canadian dollars ; S/. ; £ ; UDIS ; UDI ; UMA ; UF ; soles ; USD + IVA ; en CAD
ft² ; ft2 ; sq ft ; sq. ft. ; pie² ; pies cuadrados ; acres ; hectárea ; m² ; metro lineal ; m³
mdp ; MDP ; M ; k ; mil ; millones ; millones de pesos ; mil MXN
"""


@pytest.mark.parametrize(
    "unit", [each.strip() for each in re.split("[;\n]", UNKNOWN_UNITS) if each]
)
def test_a_price_beside_which_a_unit_stands_that_is_not_known_is_none(unit: str) -> None:
    for form in BESIDE:
        for operation in ("Sale", "Rent"):
            shown = price("$2,500").replace("Sale", operation)
            assert offers(form.format(price=shown, unit=unit)) == (), form


@pytest.mark.parametrize(
    ("form", "starts"),
    [
        ("<span>Desde</span>{price}", True),
        ("Precios desde: {price}", True),
        ("<p>A partir de</p>{price}", True),
        ("<small>From</small>{price}", True),
        ("{price}<span>MXN en adelante</span>", True),
        ("{price}<span>en adelante</span>", True),
        ("{price}<span>Desde</span>", False),
        ("<p>Disponible desde mayo</p>{price}", False),
        ("<p>Desde el centro</p>{price}", False),
    ],
)
def test_words_beside_a_price_say_that_others_begin_at_it(form: str, *, starts: bool) -> None:
    (offer,) = offers(form.format(price=price("$8,800")))
    assert (offer.amount, offer.starting_at) == (Decimal(8800), starts)


def test_a_price_that_is_for_sale_by_the_query_is_no_rent_of_a_month() -> None:
    assert offers('<div class="price">$8,800</div><span>mensual</span>') == ()


@pytest.mark.parametrize("form", BESIDE)
@pytest.mark.parametrize(
    "words",
    [
        *("MXN", "pesos", "M.N.", "Exclusiva", "3 recámaras", "120 m²", "Casa en Zapopan", "", "•"),
        *("Precio", "En venta", "Guardar", "USD 12,000 al año", "<s>USD</s>", "<i hidden>USD</i>"),
        *("Por estrenar", "Al norte de Zapopan", "La Cima, Zapopan", "A la venta", "Mil Cumbres"),
        *("/ En venta", "Ha bajado de precio", "Año de construcción", "A estrenar", "+ IVA", "Ver"),
        *(
            "HOT",
            "Precio en pesos",
            "MXN + IVA",
            "El Pedregal",
            "M. Hidalgo",
            "Colonia Las Américas",
            "Calidad",
        ),
    ],
)
def test_what_else_stands_beside_a_price_leaves_it_as_it_is(form: str, words: str) -> None:
    assert offers(form.format(price=price("$8,800"), unit=words)) == (sale("8800"),)
    per_m2 = form.format(price=price("$8,800 MXN por m²"), unit="por m²")
    assert offers(per_m2) == (sale("8800", per_m2=True),)


def test_a_price_on_request_stays_one_whatever_currency_stands_beside_it() -> None:
    (offer,) = offers(f"{price('Consultar')}<span>USD</span>")
    assert offer.amount is None


@pytest.mark.parametrize("unit", ["USD", "por m²"])
def test_a_page_shows_no_price_where_another_unit_stands_beside_it(unit: str) -> None:
    beside = f"{price('$12,500')}<span class='currency'>{unit}</span>"
    detail = f"""<div class="listing-id">ID: EB-KL7001</div><h1 class="property-title">Casa</h1>
        <div class="listing__intro"><div class="listing__price">{beside}</div></div>"""
    assert parse_detail_page(detail, "https://www.pincali.com/en/home/casa-31").offers == ()
