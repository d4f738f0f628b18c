"""What stands beside an amount is known, or there is no offer; a table of what people write."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.domain.prices import Currency, Offer, Operation, parse_offer


def texts(table: str) -> list[str]:
    return [text.strip() for line in table.strip().splitlines() for text in line.split(" ; ")]


def read(text: str, default: Operation = Operation.SALE) -> Offer | None:
    return parse_offer(text, default=default)


def offer(amount: int | str, currency: Currency = Currency.MXN, *, per_m2: bool = False) -> Offer:
    operation, exact = Operation.SALE, Decimal(amount)
    return Offer(operation=operation, amount=exact, currency=currency, per_m2=per_m2)


PESOS = """
$1,250,000 ; $ 1,250,000.00 ; MX$1,250,000 ; MXN$ 1,250,000 ; Mex$ 1,250,000 ; $1,250,000 MN
$1,250,000 M.N. ; 1,250,000 pesos ; $1,250,000 Pesos Mexicanos ; $1,250,000 (MXN)
1,250,000MXN ; MXN1,250,000 ; mxn 1.250.000 ; $1.250.000,00 ; $1'250,000 ; $1’250,000.00
$1´250,000 ; $1'250'000 ; 1 250 000 MXN ; $1\u00a0250\u00a0000 ; $1\u202f250\u202f000
$1\u2009250\u2009000 MXN ; ＄１，２５０，０００ ; ﹩1,250,000 ; \u200e$1,250,000\u200f
$1,\u200b250,000 ; $1250000 ; Precio: $1,250,000 ; Precio de venta $1,250,000
PRECIO TOTAL: $1,250,000 ; Preço $1,250,000 MXN ; Sale price: $1,250,000
For Sale - $1,250,000 ; Ahora $1,250,000 ; $1,250,000* ; $1,250,000 · En Venta
$1,250,000 negociable ; $1,250,000 (a tratar) ; $1,250,000 not negotiable
$1,250,000 moneda nacional ; $1,250,000.- ; $1,250,000.-- M.N. ; ¡$1,250,000!
$1,250,000 / En Venta ; Asking price $1,250,000 ; Precio final: $1,250,000 ; Costo $1,250,000
Total: $1,250,000 MXN ; Precio de contado $1,250,000 ; Precio especial $1,250,000
"""
BADGES = """
Nuevo precio: $1,250,000 ; $1,250,000 New ; Featured · $1,250,000 ; $1,250,000 Exclusiva
Destacado $1,250,000 ; $1,250,000 Under construction ; $1,250,000 En construcción
$1,250,000 New development ; $1,250,000 Nuevo desarrollo ; $1,250,000 Em construção
New construction $1,250,000 ; Bank foreclosure $1,250,000 ; Remate bancario $1,250,000
Preventa $1,250,000 ; Pre-sale $1,250,000
"""
DOLLARS = """
US$ 95,000 ; US$95,000 ; US $95,000 ; U.S.$95,000 ; U.S. $ 95,000 ; U$S 95,000 ; U$D 95,000
USD 95,000 ; USD95,000 ; USD$95,000 ; $USD 95,000 ; $95,000 USD ; 95,000 usd ; $95,000 US
95,000 dólares ; $95,000 Dólares Americanos ; 95,000 dollars ; $95,000 US Dollars
$95,000 dlls ; $95,000 DLLS. ; $95,000 dls ; 95,000 dlrs. ; $95,000 US dlls ; 95.000,00 USD
US$\u00a095\u202f000 ; $95,000 U.S.D. ; $95,000 dólares estadounidenses ; $95,000 dllrs
$95,000 dls. americanos ; $95,000 Dólar americano
"""
EUROS = "€95,000 ; € 95.000 ; 95,000€ ; 95 000 € ; EUR 95,000 ; 95,000 euros ; 95.000,00 EUR"
EUROS += " ; € 95.000,- ; 95.000,-€"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, offer(1_250_000)) for text in texts(PESOS) + texts(BADGES)),
        *((text, offer(95_000, Currency.USD)) for text in texts(DOLLARS)),
        *((text, offer(95_000, Currency.EUR)) for text in texts(EUROS)),
    ],
)
def test_each_way_to_write_one_amount_of_the_sites_currencies_is_read(
    text: str, expected: Offer
) -> None:
    assert read(text) == expected


OTHER_MONEY = """
C$ 95,000 ; CA$95,000 ; CA $ 95,000 ; $95,000 CAD ; CAD$95,000 ; $95,000 canadienses
95,000 dólares canadienses ; 95,000 Canadian dollars ; A$95,000 ; AU$ 95,000 ; $95,000 AUD
NZ$95,000 ; HK$95,000 ; S$95,000 ; COP 95,000 ; COL$95,000 ; $95,000 COP
95,000 pesos colombianos ; AR$95,000 ; ARS 95,000 ; $95,000 pesos argentinos ; CLP$95,000
CLP 95,000 ; $U 95,000 ; UYU 95,000 ; R$95,000 ; R$ 95.000,00 ; BRL 95,000 ; 95,000 reais
£95,000 ; GBP 95,000 ; S/ 95,000 ; S/. 95,000 ; PEN 95,000 ; 95,000 soles ; Q95,000
Q. 95,000 ; GTQ 95,000 ; ₡95,000 ; CRC 95,000 ; RD$95,000 ; DOP 95,000 ; L 95,000
HNL 95,000 ; B/. 95,000 ; Bs 95,000 ; Bs. 95,000 ; VES 95,000 ; UF 95,000 ; 95,000 UF
UDI 95,000 ; 95,000 UDIS ; ₿ 9 ; BTC 9 ; ¥95,000 ; JPY 95,000 ; CHF 95,000 ; ₱95,000
₹95,000 ; kr 95,000
"""
NO_MONEY = "95,000 ; 1,250,000 ; 1 ; 95,000 For Sale ; Precio 95,000"
TWO_CURRENCIES = "US$ 95,000 MXN ; € 95,000 MXN ; $95,000 EUR ; MXN 95,000 USD ; € 95,000 dólares"


@pytest.mark.parametrize("text", texts(OTHER_MONEY) + texts(NO_MONEY) + texts(TWO_CURRENCIES))
def test_other_money_than_the_sites_is_no_offer(text: str) -> None:
    assert read(text) is None


PER_M2 = """
$950 por m² ; $950 por m2 ; $950 por M2 ; $950/m² ; $950 / m2 ; $950/M^2 ; $950 x m²
$950 xm2 ; $950 por mt² ; $950 por mts2 ; $950 x mts² ; $950/mtrs2 ; $950 por metro²
$950 el mt2 ; $950 c/m2 ; $950 por metro cuadrado ; $950 el metro cuadrado
$950 por cada metro cuadrado ; $950 p/m² ; $950 por mts. cuadrados ; $950 por metro quadrado
$950 per square meter ; $950 per square metre ; $950 per sq. m. ; $950 per sq m ; $950/sqm
$950 each m² ; $950 a m² ; $950 por ㎡ ; $950 m² ; $950 MXN mts2 ; $950 por metro
$950 x metro ; $950 (por m²) ; Precio por m²: $950 ; $950 al m2 ; $950 por m² + IVA
$950 + IVA por m² ; $950 más IVA x m2 ; $950 por m² de terreno ; $950 por m² (≈ US$ 50)
$9,500,000 por hectárea ; $9,500,000/ha ; $9,500,000 x ha. ; $9,500,000 per hectare
$9,500,000 la hectárea
"""


@pytest.mark.parametrize("text", texts(PER_M2))
def test_a_price_for_an_area_in_metres_is_one_per_m2(text: str) -> None:
    assert read(text) == offer(950, per_m2=True)


OTHER_UNITS = """
$950 per ft² ; $950/ft2 ; $950 per sq ft ; $950/sqft ; $950 per square foot ; $950 por pie²
$950 x pie ; $950 por pie cuadrado ; $950/acre ; $950 per acre ; $950 por vara
$950 por vara² ; $950 por yd² ; $950 por metro lineal ; $950 ml ; $950 por m³ ; $950 por km²
$950 por cm2 ; $950/m ; $950 por lote ; $950 per room ; $950 por recámara ; $950 por persona
$950 pp ; $950 per bed ; $950 por cama ; $950 por unidad ; $950 each ; $950 por cajón
$950 por noche ; $950/night ; $950 nightly ; $950 la noche ; $950 por día ; $950 diarios
$950/day ; $950 daily ; $950 por semana ; $950 semanal ; $950/wk ; $950 weekly
$950 quincenal ; $950 por quincena ; $950 bimestral ; $950 al año ; $950 anual ; $950/year
$950 p.a. ; $950 por hora ; $950 por temporada ; $950 por m²/año ; $40 por ha ; $556 por ha
$950 por noite ; $950 por semana For Rent ; $950 Renta vacacional ; $950 Vacation rental
"""


@pytest.mark.parametrize("text", texts(OTHER_UNITS))
def test_a_price_for_something_else_is_no_offer(text: str) -> None:
    assert read(text) is None


MONTHLY = """
$9,500 al mes ; $9,500 por mes ; $9,500/mes ; $9,500 mensual ; $9,500 mensuales
$9,500 / month ; $9,500 per month ; $9,500 monthly ; $9,500/mo ; $9,500 a month
$9,500 por mês ; $9,500 mensais ; $9,500 For Rent / month ; $9,500 + IVA mensuales
$9,500 mensuales + $800 de mantenimiento ; $9,500 mes ; $9,500 MXN mes ; Month: $9,500
"""


@pytest.mark.parametrize("text", texts(MONTHLY))
def test_a_price_for_a_month_is_a_rent(text: str) -> None:
    rent = Offer(operation=Operation.RENT, amount=Decimal(9_500), currency=Currency.MXN)
    assert read(text) == rent


BOTH_WAYS = """
$9,500 For Sale or Rent ; Venta o renta $9,500 ; For Sale $9,500 al mes
En Venta $9,500 mensuales ; Venta $950,000 Renta $9,500 ; $950,000 En Venta (renta US$ 500)
$950,000 (renta US$ 500)
"""


@pytest.mark.parametrize("text", texts(BOTH_WAYS))
def test_a_price_of_which_it_is_not_clear_what_one_may_do_for_it_is_no_offer(text: str) -> None:
    assert read(text) is None


WITH_ASIDES = """
$950,000 (≈ US$ 52,000) ; $950,000 MXN (US$ 52,000) ; $950,000 MXN [52,000 dólares]
$950,000 MXN ≈ US$ 52,000 ; $950,000 MXN ~ 52,000 USD ; $950,000 MXN = US$ 52,000
$950,000 MXN aprox. US$ 52,000 ; $950,000 (approx. US$ 52,000) For Sale
$950,000 MXN ≈ € 47,000 En Venta ; $950,000 MXN (equivalente a US$ 52,000)
$950,000 MXN equivale a 52,000 dlls ; $950,000 MXN (US$ 52,000 / € 47,000)
$950,000 (52,000 USD + IVA) ; $950,000 (antes $990,000) ; $950,000 + IVA ; $950,000 más IVA
$950,000 IVA incluido ; $950,000 (incluye IVA) ; $950,000 + 16% IVA ; $950,000 (sin IVA)
$950,000 plus tax ; $950,000 + US$ 90 HOA ; $950,000 + $1,500 mantenimiento
$950,000 más $1,500 de mantenimiento ; $950,000 (mantenimiento $1,500) ; $950,000 + cuota
$950,000 (HOA fee US$ 90) ; $950,000 + 2 meses de depósito ; $950,000 mantenimiento incluido
$950,000 más I.V.A. ; $950,000 + gastos de escrituración ; $950,000 más gastos notariales
$950,000 (about US$ 52,000) ; $950,000 MXN (around US$ 52,000)
"""


@pytest.mark.parametrize("text", texts(WITH_ASIDES))
def test_a_conversion_or_a_fee_behind_a_price_is_not_it(text: str) -> None:
    assert read(text) == offer(950_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("US$ 52,000 ($950,000 MXN)", offer(52_000, Currency.USD)),
        ("US$ 52,000 ≈ 950,000 pesos", offer(52_000, Currency.USD)),
        ("€ 47,000 (US$ 52,000)", offer(47_000, Currency.EUR)),
        ("€ 47,000 ($950,000)", offer(47_000, Currency.EUR)),
        ("$950 MXN por m² (US$ 52 / m²)", offer(950, per_m2=True)),
    ],
)
def test_a_price_keeps_its_own_currency_beside_another(text: str, expected: Offer) -> None:
    assert read(text) == expected


UNSURE = """
$950,000 - $990,000 ; $950,000-990,000 ; $950,000 – $990,000 ; $950,000 a $990,000
$950,000/$990,000 ; de $950,000 a $990,000 ; entre $950,000 y $990,000
between $950,000 and $990,000 ; from $950,000 to $990,000 ; desde $950,000 hasta $990,000
hasta $990,000 ; up to $990,000 ; máx. $990,000 ; $950,000+ ; $950,000 + ; $950,000 o más
$950,000 or more ; de 2 a 3 millones ; $2 - 3 millones ; Antes $990,000
Antes $990,000 Ahora $950,000 ; was $990,000 ; Was $990,000, now $950,000
$990,000 now $950,000 ; $990,000 → $950,000 ; De $990,000 por $950,000 ; $990,000 $950,000
$990,000 (ahora $950,000) ; $990,000 MXN (nuevo precio US$ 52,000)
$990,000 MXN (ahora US$ 52,000) ; 10% de descuento $950,000 ; $950,000 -10% ; Ahorra $40,000
List price $990,000 ; ~ $950,000 ; ≈ $950,000 ; aprox. $950,000 ; $950,000 aprox.
$950,000 (aprox.) ; $950,000 más o menos ; $950,000 (≈ $52,000) ; $52,000 (≈ $950,000 MXN)
US$ 52,000 ($50,000) ; $950,000 MXN US$ 52,000 ; $950,000 MXN / US$ 52,000
$950,000 o US$ 52,000 ; (US$ 52,000) $950,000 MXN ; $950,000 MXN (≈ CA$ 70,000)
$950,000 MXN + US$ 90 ; $950,000 MXN + renta US$ 90 ; $950 (US$ 52 por m²)
$950,000 ($9,500 por m²) ; $9,500 (renta $8,000 + mantenimiento $1,500)
$9,500 + $1,500 mantenimiento por m² ; Mantenimiento $1,500 ; $1,500 de mantenimiento
Depósito $9,500 ; IVA $9,500 ; Enganche $95,000 ; $95,000 down ; Mensualidades de $9,500
24 x $9,500 ; 2 casas $950,000 ; $950,000 por 2 lotes ; Lote 4 $950,000 ; $950,000 120 m²
$950 120 m² ; $950 120 por m² ; 120 m² $950,000 ; $950,000 (120 m²) ; $950,000 3 rec.
$2.5 mdp ; $2.5 millones ; 2.5 millones de pesos ; $2.5M ; US$ 2.5 million ; $950 mil
$950k ; $950 K ; 2.5 mdd ; $-950 ; -$950 ; - $950 ; -950 MXN ; $0950 ; $000,950
$1,50,00,000 ; $9,50,000 ; $950,00,0 ; $950.000,000 ; $950,000.000 ; $1 250,000 ; $1'250.000
$1.2.3 ; $950² ; $950① ; $9½ ; $9\u03365\u03360\u0336 ; $٩٥٠ ; #1 $950 ; $# ; \u202e000,950$
Vendido $950,000 ; SOLD $950,000 ; Rentada $9,500 ; Reservado ; Vendido ; Gratis ; $ ; $ -
MXN ; Nueve millones de pesos ; Llame al 55 5555 5555 ; Precio a consultar $950,000
$1.50 Consultar ; $1 por m² Consultar ; $0 Consultar $950,000 ; - ; – ; N/D
$950,000? ; $950,000 <b> ; $950,000- $990,000 ; $950,000 -3 ; $950,000.-3
"""


@pytest.mark.parametrize("text", texts(UNSURE))
def test_what_is_not_certain_is_no_offer(text: str) -> None:
    assert read(text) is None


ON_REQUEST = """
Consultar precio ; Consulte precio ; Precio a consultar ; Precio bajo consulta
Pregunte por el precio ; Precio a convenir ; Solicitar precio ; Precio a tratar ; Llámanos
Price on request ; Price upon request ; Contact for price ; Contact us for the price
Call for price ; Ask for price ; Price not available ; POA ; Preço sob consulta
Consulte o preço ; Contacte al agente ; Llamar para precio ; Precio por definir
Price on application ; TBD ; $0 ; $ 0.00 ; $1 ; $1.00 MXN ; MXN 1
$0.00 Consultar ; Consultar precio $0 ; $1.00 Consultar precio ; Price on request ($0)
"""


@pytest.mark.parametrize("text", texts(ON_REQUEST))
def test_words_that_ask_to_ask_and_stand_ins_are_a_price_on_request(text: str) -> None:
    assert read(text) == Offer(operation=Operation.SALE, amount=None, currency=Currency.MXN)


@pytest.mark.parametrize("text", ["", "Precio", " · "])
def test_an_empty_price_is_on_request_only_where_an_operation_is_named(text: str) -> None:
    assert read(text) is None
    assert parse_offer(f"{text} En Renta") == Offer(
        operation=Operation.RENT, amount=None, currency=Currency.MXN
    )


FROM = """
From $950,000 ; Desde $950,000 MXN ; A partir de $950,000 ; Precios desde $950,000
Prices starting at $950,000 ; $950,000 MXN en adelante
"""


@pytest.mark.parametrize("text", texts(FROM))
def test_a_price_that_others_begin_at_says_so(text: str) -> None:
    found = read(text)
    assert found is not None
    assert (found.amount, found.starting_at) == (Decimal(950_000), True)


FORMS = [
    ("${} {}", "MXN"),
    ("$ {} {} For Sale", "MXN"),
    ("{} {}", "pesos"),
    ("US$ {} {}", ""),
    ("{} {}", "USD"),
    ("€ {}{}", ""),
]


@given(
    st.decimals("2", "1000000000000", places=2) | st.integers(2, 10**12),
    st.sampled_from(FORMS),
    st.sampled_from([" ", ",", ".", "'", "\u00a0", "\u202f"]),
    st.sampled_from(["", " negociable", " + IVA", " (antes $2,000)", " (≈ R 5)", " por noche"]),
)
def test_an_amount_is_read_as_written_or_not_at_all(
    amount: Decimal | int, form: tuple[str, str], groups: str, behind: str
) -> None:
    whole, _, cents = f"{amount:,}".partition(".")
    number = whole.replace(",", groups)
    if cents:
        number += f",{cents}" if groups == "." else f".{cents}"
    found = read(form[0].format(number, form[1]) + behind)
    if behind in {" (≈ R 5)", " por noche"}:
        assert found is None
    else:
        assert found is not None
        assert found.amount == amount


CURRENCY_OF = {Currency.MXN: {"$", "MXN"}, Currency.USD: {"US$", "USD"}, Currency.EUR: {"€"}}
BESIDE = """
$ ; MXN ; USD ; US$ ; € ; por ; m² ; ha ; mes ; noche ; CAD ; R$ ; ft² ; + ; - ; ( ; ) ; ≈
aprox. ; antes ; ahora ; IVA ; hoa ; For ; Sale ; Renta ; desde ; hasta ; millones ; mil
consultar ; / ; x
"""
WORDS = st.sampled_from(texts(BESIDE))


@given(st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6))
def test_no_words_make_another_amount_or_an_unknown_unit_of_one(
    before: list[str], behind: list[str]
) -> None:
    found = read(" ".join((*before, "1,250,000", *behind)))
    if found is None or found.amount is None:
        return
    words = {*before, *behind}
    assert found.amount in {Decimal(1_250_000), Decimal(125)}  # per hectare
    assert (found.amount == 125) == ("ha" in words)
    assert not words & {"noche", "CAD", "R$", "ft²", "hasta", "millones", "mil", "consultar"}
    assert CURRENCY_OF[found.currency] & words
