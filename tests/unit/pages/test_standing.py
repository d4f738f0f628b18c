"""A listing's own page that says that it was sold, or that it can no longer be had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pincali_sync.domain.liveness import Judgement, Verdict, judge
from pincali_sync.pages.answer import read_answer
from tests.support.builders import SITE, id_of

PAGES = Path(__file__).parents[2] / "pages"
SLUG = "casa-rosa-31"
URL = f"{SITE}/en/home/{SLUG}"
EB = "EB-KL7001"
SOLD_OUT, IN_STOCK = "https://schema.org/SoldOut", "https://schema.org/InStock"


def price(words: str) -> str:
    return f"""<div class="price"><div class="digits">$1,000,000 MXN</div>
        <div class="operation-type">{words}</div></div>"""


SALE, RENT = price("For Sale"), price("For Rent")


def judgement_on(
    *,
    above: str = "",
    header: str = "",
    prices: str = SALE,
    below: str = "",
    data: Any = None,
) -> Judgement:
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>' if data else ""
    page = f"""<html><head><title>Casa rosa | Pincali</title>{script}</head>
      <body class="marketplace"><header class="marketplace__header"><nav><a>Sold</a></nav></header>
      {above}<div class="listing"><div class="listing__header">{header}</div>
      <div class="listing__media"><div class="gallery"><img src="x"></div></div>
      <div class="listing__intro"><div class="listing-id"><span>ID: {EB}</span></div>
      <div class="listing__price">{prices}</div>
      <h1 class="property-title">Vendida</h1><h2 class="location">Sold in 2020</h2>
      <div class="publisher-summary">Sold</div>
      <div class="listing__features"><div class="feature-icon">Rented</div></div></div>
      <div class="listing__description"><p class="text-description">Vendida</p></div>{below}
      <form><label>The property is no longer available</label></form></div></body></html>"""
    answer = read_answer(URL, 200, {}, page.encode()).answer
    assert answer.shown_public_id == EB
    return judge(answer, property_id=id_of(SLUG), public_id=EB)


def listing(availability: str | None, **fields: Any) -> dict[str, Any]:
    return {
        "@type": "Product",
        "sku": EB,
        "offers": {"@type": "Offer", "availability": availability},
    } | fields


def test_words_in_titles_facts_descriptions_forms_and_of_people_are_no_status() -> None:
    assert judgement_on().verdict is Verdict.ALIVE


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("Sold", Verdict.SOLD),
        ("SOLD!", Verdict.SOLD),
        ("Sold on 3 March 2026", Verdict.SOLD),
        ("Sold 12/10/2026", Verdict.SOLD),
        ("Sold in October", Verdict.SOLD),
        ("This property was sold", Verdict.SOLD),
        ("This property has already been sold", Verdict.SOLD),
        ("Already sold", Verdict.SOLD),
        ("Status: Sold", Verdict.SOLD),
        ("Vendida", Verdict.SOLD),
        ("¡Vendida!", Verdict.SOLD),
        ("★ VENDIDO ★", Verdict.SOLD),
        ("Ya vendida", Verdict.SOLD),
        ("Recién vendida", Verdict.SOLD),
        ("(Vendida)", Verdict.SOLD),
        ("🔴 Vendida / Sold", Verdict.SOLD),
        ("Sold out", Verdict.SOLD),
        ("Agotado", Verdict.GONE),
        ("Retirada del mercado", Verdict.GONE),
        ("Esta propiedad no está disponible", Verdict.GONE),
        ("Inmueble no disponible", Verdict.GONE),
        ("Vendida el 3 de marzo de 2026", Verdict.SOLD),
        ("Propiedad vendida", Verdict.SOLD),
        ("Vendida o rentada", Verdict.SOLD),
        ("Estatus: Vendida", Verdict.SOLD),
        ("Esta propiedad ya fue vendida", Verdict.SOLD),
        ("Vendido em 2 de maio", Verdict.SOLD),
        ("Imóvel vendido", Verdict.SOLD),
        ("No disponible", Verdict.GONE),
        ("Ya no disponible", Verdict.GONE),
        ("Ya no est&aacute; disponible", Verdict.GONE),
        ("No longer available", Verdict.GONE),
        ("Off the market", Verdict.GONE),
        ("Fuera del mercado", Verdict.GONE),
        ("Não disponível", Verdict.GONE),
        ("Indisponível", Verdict.GONE),
        ("Anuncio vencido", Verdict.GONE),
        ("Listing expired", Verdict.GONE),
        ("This listing is no longer available", Verdict.GONE),
        ("No longer on the market", Verdict.GONE),
        ("No longer for sale", Verdict.GONE),
        ("Has been removed", Verdict.GONE),
        ("Ya no está en el mercado", Verdict.GONE),
        ("Ya no está en venta", Verdict.GONE),
        ("Ya se vendió", Verdict.SOLD),
        ("Fue rentada", Verdict.SOLD),
        ("This property has been rented", Verdict.SOLD),
        ("Esta propiedad ya fue rentada", Verdict.SOLD),
        ("Este imóvel já foi alugado", Verdict.SOLD),
        ("Não está mais disponível", Verdict.GONE),
    ],
)
def test_a_status_of_its_own_above_the_description_counts(status: str, verdict: Verdict) -> None:
    for given in (
        {"header": f"<div class='listing-status'>{status}</div>"},
        {"header": f"<div><span class='badge'><i class='fa'></i> {status}</span><b>18</b></div>"},
        {"above": f"<div role='alert'><p>{status}</p></div>"},
        {"prices": f"{SALE}<span>{status}</span>"},
    ):
        judgement = judgement_on(**given)
        assert judgement.verdict is verdict, given
        assert judgement.evidence.startswith("the page says ")


@pytest.mark.parametrize("status", ["Rentada", "Rented", "Leased", "Alquilado", "Alugado"])
def test_a_rented_listing_for_rent_is_gone_and_one_for_sale_may_have_a_tenant(status: str) -> None:
    banner = f"<div class='banner'>{status}</div>"
    assert judgement_on(header=banner, prices=RENT).verdict is Verdict.SOLD
    unclear = judgement_on(header=banner)
    assert unclear.verdict is Verdict.UNKNOWN
    assert unclear.evidence == f'the page says "{status}", but it is for sale'
    known = judgement_on(header=banner, data=listing(SOLD_OUT))
    assert known.verdict is Verdict.SOLD


@pytest.mark.parametrize(
    "status",
    [
        "For sale",
        "En venta",
        "Under offer",
        "Reserved",
        "Apartada",
        "Sold by Inmobiliaria 7",
        "Vendido por Inmobiliaria 7",
        "Not sold",
        "Sold?",
        "¿Vendida?",
        "Recently sold nearby",
        "Best-selling",
        "12 sold",
        "To be sold furnished",
        "Se vende o se renta",
        "Vendedor",
        "Availability: now",
        "Parking not available",
        "Financiamiento no disponible",
        "The seller's phone is no longer available",
        "Rentabilidad 8%",
        "Rented until March 2027",
        "Rentada hasta 2027",
        "Sale pending",
        "En proceso de venta",
        "Obra finalizada",
        "Finalizado",
        "Removed the garden",
        "No longer a secret",
        "Ya no busques más",
    ],
)
def test_other_words_are_no_status(status: str) -> None:
    header = f"<div class='status'>{status}</div>"
    assert judgement_on(header=header).verdict is Verdict.ALIVE


def test_a_status_that_is_hidden_or_another_listings_does_not_count() -> None:
    card = "<div class='property__component'><span class='badge'>Sold</span></div>"
    for given in (
        {"header": "<div class='status d-none'>Sold</div>"},
        {"header": "<div class='status' hidden>Sold</div>"},
        {"header": "<div class='eb-breadcrumbs'><span>Sold</span></div>"},
        {"header": "<div class='dropdown'><span>Sold</span></div>"},
        {"above": "<div class='modal'><p>No longer available</p></div>"},
        {"above": card},
        {"below": "<section><h3>Casas</h3><div class='card'><b>Sold</b></div></section>"},
        {"below": "<div class='listing__similar-properties'><span>Vendida</span></div>"},
    ):
        assert judgement_on(**given).verdict is Verdict.ALIVE, given


WORDS_OF_GONE = ("Vendida", "Esta propiedad ya no está disponible")


@pytest.mark.parametrize("words", WORDS_OF_GONE)
@pytest.mark.parametrize(
    "unseen",
    [
        *("hide", "alert hide", "alert collapse", "badge tooltip", "popover", "u-hidden"),
        *("badge visually-hidden", "badge invisible", "sr-only-focusable", "screen-reader-text"),
        *("display-none", "a11y-hidden", "alert alert-block hide", "statusOffscreen", "jsHidden"),
        *("alert hidden-xs", "alert d-none d-lg-block", "lg:hidden", "banner hide-on-mobile"),
    ],
)
def test_a_status_of_a_class_that_hides_it_does_not_count(unseen: str, words: str) -> None:
    for header in (f"<div class='{unseen}'>{words}</div>", f"<h2 class='{unseen}'>{words}</h2>"):
        assert judgement_on(header=header).verdict is Verdict.ALIVE, header
        above = f"<div class='{unseen}'><div role='alert'>{words}</div></div>"
        assert judgement_on(above=above).verdict is Verdict.ALIVE


@pytest.mark.parametrize("words", WORDS_OF_GONE)
@pytest.mark.parametrize(
    "style",
    [
        *(
            "display:none",
            "visibility : hidden",
            "visibility: collapse",
            "opacity:0",
            "OPACITY: 0.0",
        ),
        *("height:0;overflow:hidden", "max-height: 0px", "font-size:0", "text-indent:-9999px"),
        *("text-decoration: line-through", "clip-path: inset(50%)"),
    ],
)
def test_a_status_of_a_style_that_hides_it_does_not_count(style: str, words: str) -> None:
    header = f"<div class='alert' style='{style}'>{words}</div>"
    assert judgement_on(header=header).verdict is Verdict.ALIVE


@pytest.mark.parametrize(
    "seen",
    [
        *("class='alert collapse show'", "class='alert collapse in'", "style='opacity:0.9'"),
        *("class='alert overflow-hidden'", "style='height:20px'", "class='alert hideous'"),
    ],
)
def test_a_status_that_is_seen_counts_however_it_looks(seen: str) -> None:
    assert judgement_on(header=f"<div {seen}>Vendida</div>").verdict is Verdict.SOLD


NAMED = [
    "<div class='media-link'><i class='fal fa-video' title='Video'></i> {}</div>",
    "<div class='virtual-tour'><img src='360.svg' alt='Tour virtual'> <span>{}</span></div>",
    "<div class='contact-phone'><i class='fal fa-phone'></i> {}</div>",
    "<div><i class='fal fa-phone'></i> {}</div>",
    "<div><span class='icon'><i class='fal fa-video'></i></span><span>{}</span></div>",
    "<i class='fal fa-phone'></i><p>{}</p>",
    "<div class='floor-plan' aria-label='Planos'>{}</div>",
    "<div aria-label='Planos'><b>{}</b></div>",
    "<div data-label='Video'>{}</div>",
    "<div id='virtual-tour'><h3>{}</h3></div>",
    "<section class='plans'><header>Planos</header><div>{}</div></section>",
    "<section><header>Planos</header><div>{}</div></section>",
    "<div class='gallery__empty'>{}</div>",
    "<div class='phoneStatus'>{}</div>",
    "<div class='street-view'>{}</div>",
    "<div><img src='x'><p>{}</p></div>",
    "<figure><img><figcaption>{}</figcaption></figure>",
    "<div class='tour'><div class='badge'>{}</div></div>",
]


@pytest.mark.parametrize("words", ["No disponible", "Not available", "Ya no disponible", "Pausado"])
@pytest.mark.parametrize("form", NAMED)
def test_what_an_element_or_an_icon_names_is_no_status_of_the_listing(
    form: str, words: str
) -> None:
    for given in ({"header": form.format(words)}, {"above": form.format(words)}):
        assert judgement_on(**given).verdict is Verdict.ALIVE


@pytest.mark.parametrize(
    "form",
    [
        "<div class='alert alert-danger mb-3'><i class='fas fa-exclamation-triangle'></i> {}</div>",
        "<div class='row'><div class='col-md-6 text-center'><span>{}</span></div></div>",
        "<div class='property-status'><img src='x.svg' alt=''>{}</div>",
        "<div class='badge' title='No disponible' aria-label='Estado'>{}</div>",
        "<h2>{}</h2>",
    ],
)
def test_a_bare_status_counts_where_nothing_else_is_named(form: str) -> None:
    assert judgement_on(header=form.format("No disponible")).verdict is Verdict.GONE


def test_with_its_subject_a_status_counts_anywhere() -> None:
    for words in (
        "Propiedad no disponible",
        "This property is unavailable",
        "Estatus: no disponible",
    ):
        header = f"<div class='intro-phone'><i class='fal fa-phone'></i> {words}</div>"
        assert judgement_on(header=header).verdict is Verdict.GONE, words


@pytest.mark.parametrize(
    "status",
    [
        *("Pausada", "Suspendida", "Publicación pausada", "Anuncio pausado", "Paused", "Suspended"),
        *("Este anuncio ha sido pausado por el anunciante.", "This listing has been suspended."),
        *(
            "Esta publicación está pausada",
            "Propiedad no publicada",
            "This listing is not published",
        ),
        *("Esta propiedad no está publicada actualmente", "Este anúncio foi pausado", "Pausado"),
        *("The owner has paused this listing", "El anunciante pausó este anuncio", "No publicada"),
    ],
)
def test_what_was_paused_suspended_or_unpublished_is_gone(status: str) -> None:
    for header in (
        f"<div class='badge'>{status}</div>",
        f"<div role='alert'><p>{status}</p></div>",
    ):
        assert judgement_on(header=header).verdict is Verdict.GONE, header


@pytest.mark.parametrize(
    "header",
    [
        "<p>Suspendida</p>",
        "<div class='badge'>Obra suspendida</div>",
        "<div class='alert'>Visitas suspendidas</div>",
        "<div class='alert'>Se ha pausado el video</div>",
        "<div class='alert'>Obra</div><div>Suspendida</div>",
        "<div class='player-status'>Pausado</div>",
        "<div class='badge'>Techo suspendido</div>",
        "<div class='badge'>Precio no publicado</div>",
    ],
)
def test_what_else_is_paused_or_suspended_is_no_status(header: str) -> None:
    assert judgement_on(header=header).verdict is Verdict.ALIVE


@pytest.mark.parametrize(
    "badge",
    [
        "<a class='badge badge-sold' href='#'>Vendida</a>",
        "<a class='badge'>Vendida</a>",
        "<label class='badge'>Vendida</label>",
        "<a class='listing-status' href='javascript:void(0)'><b>Vendida</b></a>",
    ],
)
def test_a_link_or_a_label_may_be_a_badge(badge: str) -> None:
    assert judgement_on(header=badge).verdict is Verdict.SOLD


@pytest.mark.parametrize(
    "other",
    [
        "<a class='badge' href='/en/properties/sold'>Sold</a>",
        "<a class='badge' href='#sold-nearby'>Sold</a>",
        "<a href='#'>Sold</a>",
        "<label class='badge' for='sold'>Sold</label>",
        "<label class='badge'><input type='checkbox'>Sold</label>",
        "<label>Sold</label>",
        "<nav><a class='badge' href='#'>Sold</a></nav>",
    ],
)
def test_a_link_that_leads_on_and_a_label_of_a_field_are_no_badge(other: str) -> None:
    assert judgement_on(header=other).verdict is Verdict.ALIVE


PUBLISHED = "<div data-publication-date='2026-07-01'>Publicado hace 3 meses</div>"


@pytest.mark.parametrize(
    "status",
    [
        *("Sold in 2019", "Vendida en mayo de 2019", "Sold on 3 March 2026", "Vendida 12/03/2019"),
        *("Sold 12/03/19", "Vendido em 2 de maio de 2026", "Sold 2026-06-30", "Sold Jun 2026"),
        *("This house was sold on 3 March 2019", "Construida en 2010. Vendida en 2019."),
    ],
)
def test_what_was_sold_before_it_was_published_is_on_offer_again(status: str) -> None:
    for header in (f"<p>{status}</p>", f"<div class='alert'>{status}</div>"):
        assert judgement_on(header=header, below=PUBLISHED).verdict is Verdict.ALIVE
    data = listing(None, datePosted="2026-07-01")
    assert judgement_on(header=f"<p>{status}</p>", data=data).verdict is Verdict.ALIVE
    assert judgement_on(prices=price(status), below=PUBLISHED).verdict is Verdict.ALIVE


@pytest.mark.parametrize(
    "status",
    [
        *(
            "Sold in July 2026",
            "Vendida el 3 de octubre de 2026",
            "Sold on 3 March",
            "Sold in 2026",
        ),
        *("Vendida", "Sold 03/08/2026", "Vendida en marzo", "Vendida. Gracias por su interés."),
        "Lo sentimos. Vendida en 2026.",
    ],
)
def test_what_may_have_been_sold_since_it_was_published_is_gone(status: str) -> None:
    judgement = judgement_on(header=f"<p>{status}</p>", below=PUBLISHED)
    assert judgement.verdict is Verdict.SOLD


def test_what_is_told_after_something_else_is_no_status() -> None:
    for text in ("Construida en 2010. Vendida en 2019.", "Casa de la abuela. Vendida."):
        assert judgement_on(header=f"<p>{text}</p>").verdict is Verdict.ALIVE


def test_sold_in_place_of_for_sale_counts_if_nothing_else_is_offered() -> None:
    assert judgement_on(prices=price("Sold")).verdict is Verdict.SOLD
    assert judgement_on(prices=price("Vendida")).verdict is Verdict.SOLD
    in_place_of_digits = SALE.replace("$1,000,000 MXN", "Vendida")
    assert judgement_on(prices=in_place_of_digits).verdict is Verdict.SOLD
    assert judgement_on(prices=price("Sold") + RENT).verdict is Verdict.ALIVE
    assert judgement_on(prices=price("Sold") + price("Rented")).verdict is Verdict.SOLD


def test_a_listing_of_two_offers_is_there_as_long_as_one_is() -> None:
    both = SALE + RENT
    for status in ("Rentada", "Vendida"):
        assert judgement_on(header=f"<p>{status}</p>", prices=both).verdict is Verdict.ALIVE
    assert judgement_on(header="<p>Vendida o rentada</p>", prices=both).verdict is Verdict.SOLD
    assert judgement_on(header="<p>No disponible</p>", prices=both).verdict is Verdict.GONE
    one = {"offers": [{"availability": SOLD_OUT}, {"availability": IN_STOCK}]}
    assert judgement_on(prices=both, data=listing(None) | one).verdict is Verdict.ALIVE
    none = {"offers": [{"availability": SOLD_OUT}, {"availability": SOLD_OUT}]}
    assert judgement_on(prices=both, data=listing(None) | none).verdict is Verdict.SOLD
    assert judgement_on(prices=both, data=listing(SOLD_OUT)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        (SOLD_OUT, Verdict.SOLD),
        ("http://schema.org/SoldOut", Verdict.SOLD),
        ("schema:SoldOut", Verdict.SOLD),
        ("SoldOut", Verdict.SOLD),
        ("soldout", Verdict.SOLD),
        ("SOLD_OUT", Verdict.SOLD),
        (" https://schema.org/SoldOut/ ", Verdict.SOLD),
        ("https://schema.org/OutOfStock", Verdict.SOLD),
        ("out of stock", Verdict.SOLD),
        ("Discontinued", Verdict.GONE),
        (IN_STOCK, Verdict.ALIVE),
        ("PreOrder", Verdict.ALIVE),
        ("Reserved", Verdict.ALIVE),
        ("yes", Verdict.ALIVE),
        ("", Verdict.ALIVE),
        (None, Verdict.ALIVE),
    ],
)
def test_the_availability_of_the_listings_data_counts(word: str | None, verdict: Verdict) -> None:
    offer = {"@type": "Offer", "availability": word}
    for offers in (offer, [offer], {"@type": "AggregateOffer", "offers": [offer]}):
        assert judgement_on(data=listing(None, offers=offers)).verdict is verdict
    by_url = listing(word) | {"sku": None, "url": f"https://www.pincali.com/inmueble/{SLUG}"}
    unnamed = listing(word) | {"sku": None}
    graph = {"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, by_url]}
    for data in (
        by_url,
        unnamed,
        graph,
        [by_url],
        listing(word, **{"@type": ["Product", "House"]}),
    ):
        assert judgement_on(data=data).verdict is verdict, data


def test_the_evidence_names_the_word_of_the_data() -> None:
    assert judgement_on(data=listing(SOLD_OUT)).evidence == "the page's data say SoldOut"


def test_the_data_of_other_listings_do_not_count() -> None:
    other = listing(SOLD_OUT) | {"sku": "EB-ZZ1111"}
    by_url = listing(SOLD_OUT) | {"sku": None, "url": f"{SITE}/en/home/another-house"}
    own = listing(IN_STOCK)
    similar = [
        {"@type": "Product", "name": "A", "offers": {"availability": SOLD_OUT}},
        {"@type": "Product", "name": "B", "offers": {"availability": SOLD_OUT}},
    ]
    for data in (other, by_url, [own, other], [own, *similar], similar, {"@type": "Offer"}):
        assert judgement_on(data=data).verdict is Verdict.ALIVE, data


@pytest.mark.parametrize("data", [{"@type": 7}, {"@type": "Product", "offers": [[[[[[["x"]]]]]]]},
    {"@type": "Product", "offers": 7}, {"@type": "Product", "sku": {"a": [EB]}},
    {"@type": "Product", "identifier": {"value": EB}, "offers": {"availability": [7, None]}}],
)  # fmt: skip
def test_broken_data_say_nothing(data: Any) -> None:
    assert judgement_on(data=data).verdict is Verdict.ALIVE


def test_a_status_that_the_data_contradict_proves_nothing() -> None:
    judgement = judgement_on(header="<div class='ribbon'>Vendida</div>", data=listing(IN_STOCK))
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.evidence == 'the page says "Vendida", but its data say InStock'


@pytest.mark.parametrize(
    "other",
    [
        "<h3>Propiedades vendidas</h3><p>Vendida</p>",
        "<section class='recently-sold'><h3>Recently sold</h3><p>Sold</p></section>",
        "<div class='sold-similar'>Sold</div>",
        "<div class='comments'><p>Vendida</p></div>",
        "<div class='faq'><h3>This property has been sold</h3></div>",
        "<h3>Recently sold</h3><span>Sold</span>",
    ],
)
def test_what_is_said_of_other_listings_below_is_no_status(other: str) -> None:
    assert judgement_on(prices=f"{SALE}</div>{other}<div>").verdict is Verdict.ALIVE


@pytest.mark.parametrize("status", [500, 503])
def test_a_status_under_a_failure_proves_nothing(status: int) -> None:
    page = f"""<html><title>Casa | Pincali</title><body><h1 class="property-title">Casa</h1>
        <div class="listing-id">ID: {EB}</div><p>Sold</p></body></html>"""
    answer = read_answer(URL, status, {}, page.encode()).answer
    assert judge(answer, property_id="", public_id=EB).verdict is Verdict.UNKNOWN


PAIRS = [
    ("Tour virtual", "No disponible"),
    ("Planos", "No disponible"),
    ("Internet", "No disponible"),
    ("Gas natural", "No disponible"),
    ("Teléfono", "No disponible"),
    ("Virtual tour", "Not available"),
    ("Vendida", "No"),
    ("Sold", "0 units"),
    ("Sold", "by Inmobiliaria 7"),
]
FORMS = [
    "<ul><li class='listing__data-row'><span>{}</span> <span>{}</span></li></ul>",
    "<ul><li><span>{}</span><span>{}</span></li></ul>",
    "<dl><dt>{}</dt><dd>{}</dd></dl>",
    "<table><tr><th>{}</th><td>{}</td></tr></table>",
    "<div>{}</div><div>{}</div>",
    "<div><div><span>{}</span></div> <div><i class='fa'></i><p><b>{}</b></p></div></div>",
    "<div>{}<br>{}</div>",
    "<div>{}<p>{}</p></div>",
    "<h3>{}</h3><p>{}</p>",
    "<div><a href='/x'>{}</a><span>:</span><span>{}</span></div>",
    "<div><label>{}</label><span class='status'>{}</span></div>",
    "<div class='notices'><span>{}</span><span>{}</span></div>",
]


@pytest.mark.parametrize(("label", "value"), PAIRS)
@pytest.mark.parametrize("form", FORMS)
def test_a_label_and_its_value_are_no_status(form: str, label: str, value: str) -> None:
    pair = form.format(label, value)
    assert judgement_on(header=pair).verdict is Verdict.ALIVE
    assert judgement_on(prices=f"{SALE}{pair}").verdict is Verdict.ALIVE


@pytest.mark.parametrize("form", FORMS)
def test_a_label_that_asks_whether_it_is_rented_is_no_status(form: str) -> None:
    assert judgement_on(header=form.format("Rentado", "No"), prices=RENT).verdict is Verdict.ALIVE


@pytest.mark.parametrize(("label", "value"), PAIRS)
def test_a_row_of_data_on_a_saved_page_is_no_status(label: str, value: str) -> None:
    row = f'<li class="listing__data-row"><span>{label}</span> <span>{value}</span></li></ul>'
    saved = (PAGES / "detail-2026-es.html").read_text()
    url = f"{SITE}/inmueble/terreno-rustico-san-isidro"
    answer = read_answer(url, 200, {}, saved.replace("</ul>", row, 1).encode()).answer
    judgement = judge(answer, property_id="", public_id="EB-WL1002")
    assert judgement.verdict is Verdict.ALIVE, judgement


def test_a_status_before_a_number_or_a_long_text_or_by_a_part_of_the_head_is_one() -> None:
    long = "Una casa con vista al mar, cerca de todo y lejos del ruido."
    for given in (
        f"<div><b>Vendida</b><span>18</span></div><p>{long}</p>",
        "<div class='listing-id'>ID: EB-KL7001</div><b>Vendida</b><div class='price'>$1</div>",
        f"<h2>Vendida</h2><p>{long}</p>",
        "<p>Casa rosa</p><div class='banner'><p>Vendida</p></div>",
        "<p>Casa rosa</p><div role='status'>Vendida</div>",
    ):
        assert judgement_on(header=given).verdict is Verdict.SOLD, given


@pytest.mark.parametrize(
    "status",
    [
        *("Sold 8 of 10 units", "Sold: 8 of 10", "Vendido 8 de 10", "Vendida 1 de 3 casas"),
        *("Sold 80%", "Sold 2 units left", "Sold, 3 left", "Sold out 3 of 4"),
        *("Vendida mayor", "Vendido en Octavio", "Sold in Juniper"),
        *("Vendida en Marina", "Vendida en 3 días", "Sold for 5"),
    ],
)
def test_what_holds_a_number_or_begins_like_a_month_is_no_date(status: str) -> None:
    for words in (status, f"This property was {status.lower()}"):
        header = f"<div class='status'>{words}</div>"
        assert judgement_on(header=header).verdict is Verdict.ALIVE, words


@pytest.mark.parametrize(
    "status",
    [
        *("Rented 12 times", "Rented in 3 days", "Rentado en Mayakoba", "Rented 4.5 stars"),
        *("Rented 7 days a week", "Rented 3 weeks minimum"),
        *("Rented 12 month lease", "Rented in marina"),
    ],
)
def test_what_is_rented_by_the_way_is_no_status(status: str) -> None:
    header = f"<div class='status'>{status}</div>"
    assert judgement_on(header=header, prices=RENT).verdict is Verdict.ALIVE


@pytest.mark.parametrize(
    "day",
    [
        *("on 3 March", "on March 3, 2026", "March 2026", "in May", "since 2024"),
        "3rd of May 2026",
        *("el 3 de marzo de 2026", "el día 3 de marzo", "en marzo de 2026", "desde octubre"),
        *("em 2 de maio", "em março", "12-mar-2026", "Mar 3, 2026", "3 sept 2026", "1º de mayo"),
        *("2026-03-12", "12/03/26", "on 12.03.2026", ": 12/03/2026", "03/2026"),
    ],
)
def test_a_status_may_have_its_date(day: str) -> None:
    for word in ("Sold", "Vendida"):
        status = f"<div class='status'>{word} {day}</div>".replace(" :", ":")
        assert judgement_on(header=status).verdict is Verdict.SOLD, status


@pytest.mark.parametrize(
    "status",
    [
        *("Sold 3 days ago", "Sold 2 weeks ago", "This property was sold an hour ago"),
        *(
            "Vendida hace 3 días",
            "Ya se vendió hace 2 semanas",
            "Vendido há 3 dias",
            "Sold yesterday",
        ),
        *("Vendida el 03/03/2026 14:05", "Sold on 3 March at 2:05 p.m.", "Sold Oct. 3, 2026"),
    ],
)
def test_a_status_may_have_its_time_or_say_how_long_it_is_ago(status: str) -> None:
    for header in (f"<p>{status}</p>", f"<div class='status'>{status}</div>"):
        assert judgement_on(header=header).verdict is Verdict.SOLD, header
    assert judgement_on(prices=price(status)).verdict is Verdict.SOLD


@pytest.mark.parametrize(
    "status",
    [
        *("Sold Oct 3", "Sold Oct. 3", "Vendida 3-oct", "Vendida 2026", "Sold 2000", "Sold 8/10"),
        *("This property was sold 2000", "This property was sold 8/10", "Vendida hace 2 años"),
        *("Sold last month", "Rented 2 days ago", "Leased mar 3", "Rentado en mar 3"),
    ],
)
def test_what_may_be_its_date_or_not_proves_nothing(status: str) -> None:
    header = f"<div class='status'>{status}</div>"
    judgement = judgement_on(header=header, prices=RENT)
    assert judgement.verdict is Verdict.UNKNOWN
    said = f'the page says "{status}", which may be of another time or number'
    assert judgement.evidence == said
    assert judgement_on(prices=price(status)).verdict is Verdict.UNKNOWN


def test_what_may_have_been_sold_before_it_was_published_is_on_offer_again() -> None:
    for header in (
        "<p>Vendida 2019</p>",
        "<div><b>Vendida</b><span>3 de marzo de 2019</span></div>",
        "<div><b>Vendida</b><span>03/03/2019</span></div>",
        "<div><span>03/03/2019</span><b>Vendida</b></div>",
    ):
        assert judgement_on(header=header, below=PUBLISHED).verdict is Verdict.ALIVE, header
        assert judgement_on(header=header).verdict is not Verdict.ALIVE, header


UNREAD = [
    *("<span class='d-none'>Sold</span>", "<span hidden>Copied</span>"),
    *("<span style='display:none'>No</span>", "<s>No</s>", "<span class='sr-only'>Estado</span>"),
    *("<button>Guardar</button>", "<a href='/'>Volver a resultados</a>", "<a href='#'>Share</a>"),
    *("<span role='button'>Compartir</span>", "<div class='btn btn-primary'>Llamar</div>"),
    "<div><button>Guardar</button><a href='/'>Compartir</a></div>",
    *("<label for='c'>Comparar</label>", "<label><input type='checkbox'>Comparar</label>"),
    *("<span>18 fotos</span>", "<span>1 / 18 photos</span>", "<span>120 vistas</span>"),
    *("<span>EB-KL7001</span>", "<span>ID: EB-KL7001</span>"),
]
NO_LABELS = [
    *("<form><button>Reportar</button></form>", "<nav><a href='/'>Casas</a></nav>"),
    *("<span>Sold</span>", "<span>hace 3 días</span>"),
    *("<span>Publicada hace 3 meses</span>", "<span>Publicada el 3 de marzo de 2019</span>"),
]


@pytest.mark.parametrize("other", [*UNREAD, *NO_LABELS])
def test_what_nobody_reads_what_is_clicked_on_and_counts_and_times_are_no_labels(
    other: str,
) -> None:
    badge = "<span class='badge'>Vendida</span>"
    for header in (f"<div>{badge}{other}</div>", f"<div>{other} {badge}</div>"):
        for given in ({"header": header}, {"prices": f"{SALE}{header}"}):
            assert judgement_on(**given, below=PUBLISHED).verdict is Verdict.SOLD, header


@pytest.mark.parametrize("between", UNREAD)
def test_a_label_and_its_value_are_a_pair_across_what_is_not_read(between: str) -> None:
    for label, value in (("Vendida", "No"), ("Tour virtual", "No disponible")):
        header = f"<div><span>{label}</span>{between}<span>{value}</span></div>"
        assert judgement_on(header=header).verdict is Verdict.ALIVE, header


@pytest.mark.parametrize("before", ["Estatus", "Estado:", "Propiedad", "Casa"])
def test_what_leads_to_a_status_is_no_label_of_something_else(before: str) -> None:
    header = f"<div><span>{before}</span><span>Vendida</span></div>"
    assert judgement_on(header=header).verdict is Verdict.SOLD


@pytest.mark.parametrize("other", ["Exclusiva", "Lote 4", "Sí", "Construida en 2010", "Oct 3"])
def test_a_status_beside_something_short_proves_nothing(other: str) -> None:
    for header in (
        f"<div><span class='badge'>Vendida</span><span class='badge'>{other}</span></div>",
        f"<div><span>{other}</span><span>Vendida</span></div>",
    ):
        judgement = judgement_on(header=header, below=PUBLISHED)
        assert judgement.verdict is Verdict.UNKNOWN, header
        assert judgement.evidence.endswith(f'ida", but "{other}" stands beside it')


def test_a_sure_status_and_the_pages_data_outweigh_a_doubtful_one() -> None:
    doubtful = "<div><span>Vendida</span><span>Exclusiva</span></div>"
    for sure in ("<div class='banner'>Vendida</div>", "<h2>This listing has been sold</h2>"):
        judgement = judgement_on(above=doubtful, header=sure)
        assert judgement.verdict is Verdict.SOLD
    known = judgement_on(header=doubtful, data=listing(SOLD_OUT))
    assert known.evidence == "the page's data say SoldOut"
    offered = judgement_on(header=doubtful, data=listing(IN_STOCK))
    assert offered.verdict is Verdict.UNKNOWN


def test_a_listing_of_two_offers_is_there_where_the_end_of_one_is_doubtful() -> None:
    header = "<div><span>Vendida</span><span>Exclusiva</span></div>"
    assert judgement_on(header=header, prices=SALE + RENT).verdict is Verdict.ALIVE


@pytest.mark.parametrize("other", ["<button>Guardar</button>", "<span hidden>x</span>",
    "<span>18 fotos</span>", "<span>hace 3 días</span>", "<a href='/'>Ver similares</a>",
    "<span class='d-none'>Not available</span>"])  # fmt: skip
def test_a_bare_status_counts_before_what_is_no_value(other: str) -> None:
    header = f"<div class='listing-status'><p>No disponible</p>{other}</div>"
    assert judgement_on(header=header).verdict is Verdict.GONE


@pytest.mark.parametrize("before", ["<button>Tour virtual</button>", "<a href='/'>Volver</a>",
    "<span class='sr-only'>Tour virtual</span>"])  # fmt: skip
def test_a_bare_status_after_what_is_not_read_proves_nothing(before: str) -> None:
    judgement = judgement_on(header=f"<div>{before}<span>No disponible</span></div>")
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.evidence.endswith("but what stands before it is not read")


def test_a_bare_status_in_a_row_of_badges_proves_nothing() -> None:
    badges = "<span class='badge'>No disponible</span><span class='badge'>Exclusiva</span>"
    assert judgement_on(header=f"<div>{badges}</div>").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "history",
    [
        "<h3>Price history</h3><ul><li>Sold on 3 March 2019</li></ul>",
        "<h3>Historial de precios</h3><p>Vendida en 2019</p>",
        "<h3>Histórico</h3><p>Vendida el 3 de marzo de 2019</p>",
        "<div class='price-history'><p>Sold on 3 March 2019</p></div>",
        "<ol><li>Sold on 3 March 2019</li><li>Listed in 2025</li></ol>",
    ],
)
def test_a_history_tells_of_other_times(history: str) -> None:
    assert judgement_on(header=history).verdict is Verdict.ALIVE


def test_the_old_town_is_no_history() -> None:
    header = "<p>Centro Histórico</p><div class='banner'>Vendida</div>"
    assert judgement_on(header=header).verdict is Verdict.SOLD


def test_a_price_that_is_not_available_is_no_status() -> None:
    hidden = SALE.replace("$1,000,000 MXN", "No disponible")
    assert judgement_on(prices=hidden).verdict is Verdict.ALIVE


PARTS = ["Etapa 1", "Torre A", "Modelo Encino", "Unidad 3", "Departamento 101", "Fase 2"]
PARTS += ["Tower B", "Phase 1", "Unit 12", "Floor 2", "Bloco B", "Unidade 4", "Piso 3"]
CLICKED = [
    "<div class='model'><a href='#m1'>{}</a><span>{}</span></div>",
    "<h4><button class='accordion-button'>{}</button></h4><div class='accordion-body'>{}</div>",
    "<label><input type='radio'> {}</label> <span class='badge'>{}</span>",
    "<ul class='nav nav-tabs'><li><a href='#e1'>{}</a></li></ul><div class='tab-pane'>{}</div>",
    "<div><span role='tab'>{}</span><div>{}</div></div>",
    "<div><a href='#l' aria-label='{}'><i></i></a><span>{}</span></div>",
    "<select><option>{}</option></select><p>{}</p>",
]
READ = [
    "<div><span>{}</span><span>{}</span></div>",
    "<details><summary>{}</summary><p>{}</p></details>",
    "<h3>{}</h3><div class='status'>{}</div>",
]


@pytest.mark.parametrize("sold", ["Vendida", "Vendido", "Sold"])
@pytest.mark.parametrize("form", [*CLICKED, *READ])
def test_what_is_told_of_a_part_is_no_status_of_the_listing(form: str, sold: str) -> None:
    for part in PARTS:
        header = form.format(part, sold)
        assert judgement_on(header=header).verdict is Verdict.ALIVE, header


@pytest.mark.parametrize("part", ["Bodega adicional", "Planta baja", "Cajón extra", "Local 4"])
def test_a_part_of_a_listing_for_rent_may_be_rented(part: str) -> None:
    for form in (*CLICKED, *READ):
        header = form.format(part, "Rentada")
        assert judgement_on(header=header, prices=RENT).verdict is Verdict.ALIVE, header


@pytest.mark.parametrize("sold", ["Vendida", "Vendido", "Sold"])
@pytest.mark.parametrize(
    "other", ["Residencial Encino", "Lote 4", "Disponibles", "Apartado", "101"]
)
@pytest.mark.parametrize("form", CLICKED)
def test_a_status_beside_what_may_be_clicked_on_and_is_no_control_proves_nothing(
    form: str, other: str, sold: str
) -> None:
    for words in (form.format(other, sold), f"<div>{sold} <a href='#x'>{other}</a></div>"):
        judgement = judgement_on(header=words)
        assert judgement.verdict is Verdict.UNKNOWN, words
        assert judgement.evidence == f'the page says "{sold}", but "{other}" stands beside it'


@pytest.mark.parametrize(
    "card",
    [
        "<div class='pager'><a href='/en/home/x'>« Casa azul</a> <span>{}</span></div>",
        "<div class='recent'><a href='/inmueble/x'>Casa azul</a><span class='tag'>{}</span></div>",
        "<div class='recent'><span class='badge'>{}</span><a href='/pt/imovel/x'>Casa</a></div>",
        "<div><a href='/en/home/x'><img></a><a href='/en/home/x'>Casa</a><div>$3</div>{}</div>",
        "<div><a href='https://www.pincali.com/en/home/x'>Ver detalles</a><b>{}</b></div>",
        "<div class='alert'><a href='/en/home/x'>Casa azul</a> {}</div>",
    ],
)
@pytest.mark.parametrize("sold", ["Vendida", "Sold", "Vendido"])
def test_a_status_beside_a_link_to_another_listing_is_that_ones(card: str, sold: str) -> None:
    assert judgement_on(above=card.format(sold)).verdict is Verdict.ALIVE
    own = card.format(sold).replace("/x'", f"/{SLUG}'")
    assert judgement_on(above=own).verdict is not Verdict.ALIVE


@pytest.mark.parametrize(
    "control",
    [
        *("<a href='/s'>Compartir</a>", "<button>Guardar en favoritos</button>"),
        *("<a href='#p'>Ver 18 fotos</a>", "<a href='#m'>Ver en el mapa</a>"),
        *("<button aria-label='Close'>×</button>", "<a href='/p'><img></a>"),
        *("<a href='/'>Voltar aos resultados</a>", "<button>Contactar al anunciante</button>"),
        f"<a href='/inmueble/{SLUG}'>Español</a>",
        "<a href='#'>Share</a><p>$1,000,000</p>",
    ],
)
def test_a_status_beside_a_control_or_a_price_is_the_listings(control: str) -> None:
    for header in (
        f"<div><span class='badge'>Vendida</span>{control}</div>",
        f"<div class='alert'>Vendida {control}</div>",
    ):
        assert judgement_on(header=header).verdict is Verdict.SOLD, header


@pytest.mark.parametrize("share", ["85%", "85 %", "12/40", "12 de 40", "12 of 40", "12 unidades"])
@pytest.mark.parametrize("sold", ["Vendido", "Sold", "Vendida"])
@pytest.mark.parametrize("form", ["<strong>{}</strong><span>{}</span>", "<h4>{}</h4><p>{}</p>",
    "<div><div class='bar'>{}</div></div><div>{}</div>"])  # fmt: skip
def test_a_share_of_several_is_no_status(form: str, sold: str, share: str) -> None:
    for header in (form.format(share, sold), form.format(sold, share)):
        assert judgement_on(header=f"<div>{header}</div>").verdict is Verdict.ALIVE, header


@pytest.mark.parametrize("number", ["12", "120", "8/10"])
@pytest.mark.parametrize("sold", ["Vendido", "Sold"])
def test_a_number_before_a_status_may_count_what_was_sold(sold: str, number: str) -> None:
    header = f"<div><strong>{number}</strong><span>{sold}</span></div>"
    judgement = judgement_on(header=header)
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.evidence.endswith(f'but "{number}" stands beside it')


@pytest.mark.parametrize(
    "status",
    [
        *("Estatus: Rentada", "Status: Rented", "Situação: Alugado", "Departamento rentado"),
        *("Ya rentada", "Already rented", "Já alugada", "Imóvel alugado", "Property is rented"),
        *("Esta propiedad ya está rentada", "This flat is leased", "Propiedad rentada"),
    ],
)
def test_what_is_rented_and_for_sale_may_have_a_tenant_however_it_is_said(status: str) -> None:
    for form in ("<div class='status'>{}</div>", "<h2>{}</h2>", "<div role='alert'>{}</div>"):
        header = form.format(status)
        judgement = judgement_on(header=header)
        assert judgement.verdict is Verdict.UNKNOWN, header
        assert judgement.evidence == f'the page says "{status}", but it is for sale'
        assert judgement_on(header=header, prices=RENT).verdict is Verdict.SOLD, header


FIGURES = ["$1,000,000", "$ 1,000,000.00", "1,000,000", "101", "#101", "360°", "33 1234 5678"]


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    "form",
    [
        "<div class='row'><div>Roble</div><div>{}</div><div>{}</div></div>",
        "<div class='row'><b>Modelo A</b> <b>101</b> <p>{}</p><p>{}</p></div>",
        "<ul class='units'><li><h4>{}</h4></li></ul><div>{}</div>",
        "<div><p>{}</p><div><span><b>{}</b></span></div></div>",
    ],
)
def test_a_status_behind_a_mere_figure_may_be_that_of_what_it_is_of(form: str, figure: str) -> None:
    for status in ("Vendido", "Sold", "Agotado"):
        judgement = judgement_on(header=form.format(figure, status))
        assert judgement.verdict is Verdict.UNKNOWN, judgement
        assert judgement.evidence.endswith(f'but "{figure}" stands beside it')


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("words", ["No disponible", "Not available"])
def test_what_is_not_available_may_be_what_a_figure_before_it_means(
    words: str, figure: str
) -> None:
    judgement = judgement_on(header=f"<div><span>{figure}</span> <span>{words}</span></div>")
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.evidence.endswith(f'but "{figure}" stands beside it')
    for none in ("18 fotos", "1 / 18 photos", "EB-KL7001"):
        header = f"<div><span>{none}</span> <span>{words}</span></div>"
        assert judgement_on(header=header).verdict is Verdict.GONE, none


def test_a_status_behind_the_listings_own_price_is_the_listings() -> None:
    assert judgement_on(prices=f"{SALE}<div>Vendida</div>").verdict is Verdict.SOLD
    assert judgement_on(prices=f"{SALE}<p>No disponible</p>").verdict is Verdict.GONE


LONG = [
    "¿Acepta crédito Infonavit, Fovissste o bancario?",
    "Virtual tour and drone video of this property:",
    "Recorrido virtual y video de la propiedad (Matterport)",
    "La casa de al lado, del mismo desarrollador y con igual plano",
    "La casa de al lado se construyó con el mismo plano.",
    "Infonavit, Fovissste, Cofinavit, Alia2, ISSFAM " * 6,
]
LONG_FORMS = [
    "<section><h2>{}</h2><div class='content'><p>{}</p></div></section>",
    "<div><p>{}</p><p>{}</p></div>",
    "<div><span>{}</span> <span>{}</span></div>",
    "<div><div class='title'><h3>{}</h3></div><div><div><b>{}</b></div></div></div>",
    "<div><a href='#v'>{}</a><span>:</span><span>{}</span></div>",
]


@pytest.mark.parametrize("words", ["Vendida", "Sold", "No disponible", "Not available"])
@pytest.mark.parametrize("long", LONG)
@pytest.mark.parametrize("form", LONG_FORMS)
def test_a_status_behind_a_text_too_long_for_a_label_proves_nothing(
    form: str, long: str, words: str
) -> None:
    judgement = judgement_on(header=form.format(long, words))
    assert judgement.verdict is Verdict.UNKNOWN, judgement
    assert len(judgement.evidence) < 200


@pytest.mark.parametrize("form", ["<button>{}</button>", "<p class='d-none'>{}</p>"])
def test_a_bare_status_behind_a_long_text_that_is_not_read_proves_nothing(form: str) -> None:
    for long in LONG:
        header = f"<div>{form.format(long)}<span>No disponible</span></div>"
        assert judgement_on(header=header).verdict is Verdict.UNKNOWN, long


@pytest.mark.parametrize("alt", ["", "alt", "alt=''", "alt=' '"])
@pytest.mark.parametrize("words", ["No disponible", "Not available"])
@pytest.mark.parametrize(
    "form",
    [
        "<div class='box'><img src='/placeholder.png' {}><p>{}</p></div>",
        "<div><img src='/placeholder.png' {}><span>{}</span></div>",
        "<figure><img src='/p.png' {}><figcaption>{}</figcaption></figure>",
    ],
)
def test_what_is_not_available_may_be_what_a_picture_without_words_stands_for(
    form: str, words: str, alt: str
) -> None:
    assert judgement_on(header=form.format(alt, words)).verdict is Verdict.ALIVE


@pytest.mark.parametrize(
    "other",
    [
        {"sku": "PLAN-1", "url": "https://www.pincali.com/credito"},
        {"sku": None, "url": "https://www.pincali.com/credito"},
        {"sku": "PLAN-1"},
        {"sku": None, "productID": "12345"},
        {"sku": None},
        {"@type": "House", "sku": None, "url": "https://inmobiliaria.example/casa-vecina"},
    ],
)
def test_data_that_go_by_a_name_of_their_own_are_no_status_of_the_listing(
    other: dict[str, Any],
) -> None:
    data = listing(SOLD_OUT, name="Crédito Plan Oro") | other
    assert judgement_on(data=data).verdict is Verdict.ALIVE
    known = listing(SOLD_OUT, name="Vendida") | {"sku": None}  # the title
    assert judgement_on(data=known).verdict is Verdict.SOLD


STOPPED = [
    *("Inactiva", "Inactivo", "INACTIVO", "Inactive", "Inativo", "Expirado", "Expirada", "Expired"),
    *("Retirada", "Retirado", "Withdrawn", "Cancelado", "Cancelada", "Cancelled", "Canceled"),
    *("Dado de baja", "Dada de baja", "Desactivado", "Desactivada", "Desativado", "Deactivated"),
    *("Caducado", "Vencida", "Archivada", "Archived", "Arquivado"),
]
STOPPED_FORMS = [
    "<span class='badge badge-danger'>{}</span>",
    "<div class='alert'><p>{}</p></div>",
    "<div role='alert'>¡{}!</div>",
    "<p>Estatus: {}</p>",
]


@pytest.mark.parametrize("form", STOPPED_FORMS)
@pytest.mark.parametrize("status", ["Pausado", *STOPPED])
def test_what_has_expired_or_was_withdrawn_is_gone_as_what_is_paused(
    status: str, form: str
) -> None:
    assert judgement_on(header=form.format(status)).verdict is Verdict.GONE


@pytest.mark.parametrize("form", [*NAMED, "<p>{}</p>", "<div><span>{}</span></div>"])
@pytest.mark.parametrize("status", ["Pausado", *STOPPED])
def test_what_else_has_expired_or_was_withdrawn_is_no_status(status: str, form: str) -> None:
    assert judgement_on(header=form.format(status)).verdict is Verdict.ALIVE


@pytest.mark.parametrize(
    "text",
    [
        *("Estado: Jalisco", "Alberca inactiva", "Contrato vencido", "Visita cancelada"),
        *("Casa retirada", "Terreno retirado", "Hipoteca cancelada"),
        *("Alarm deactivated", "Estudio archivado", "Retirada del centro", "Expired mortgage"),
        *("Obra finalizada", "Finalizado", "Permiso expirado", "Dado de baja en el predial"),
    ],
)
def test_what_else_is_inactive_expired_or_remote_is_no_status(text: str) -> None:
    for form in ("<div class='badge'>{}</div>", "<div class='alert'>{}</div>", "<h3>{}</h3>"):
        assert judgement_on(header=form.format(text)).verdict is Verdict.ALIVE, form
    label, _, value = text.partition(" ")
    if value and label not in {"Casa", "Terreno", "La", "Dado", "Estado:"}:
        pair = f"<div><span>{label}</span><span class='status'>{value}</span></div>"
        assert judgement_on(header=pair).verdict is Verdict.ALIVE, pair


NO_LONGER_FOR_RENT = [
    *("Ya no está en renta", "No longer for rent", "Ya no está en alquiler", "Ya se rentó"),
    *("Ya se alquiló", "Não está mais para alugar", "No longer for lease", "Not for rent anymore"),
    *("Este local ya no está en renta.", "El propietario rentó esta casa"),
]
NO_LONGER_FOR_SALE = [
    *("Ya no está en venta", "This property is no longer for sale", "Ya no está a la venta"),
    *("Este imóvel não está mais à venda", "Esta casa ya no está en venta."),
]
SOLD_BY_ONE = ["Ya se vendió", "El agente vendió esta casa", "O corretor vendeu este imóvel"]
FORMS_OF_NOTICES = ["<div class='alert'>{}</div>", "<div role='status'><p>{}</p></div>"]


@pytest.mark.parametrize("form", FORMS_OF_NOTICES)
@pytest.mark.parametrize("words", NO_LONGER_FOR_RENT)
def test_what_is_no_longer_for_rent_is_there_as_long_as_it_is_for_sale(
    words: str, form: str
) -> None:
    header = form.format(words)
    assert judgement_on(header=header, prices=SALE + RENT).verdict is Verdict.ALIVE
    for_sale = judgement_on(header=header)
    assert for_sale.verdict is Verdict.UNKNOWN
    assert for_sale.evidence.endswith(", but it is for sale")
    assert judgement_on(header=header, prices=RENT).verdict in {Verdict.GONE, Verdict.SOLD}


@pytest.mark.parametrize("form", FORMS_OF_NOTICES)
@pytest.mark.parametrize("words", NO_LONGER_FOR_SALE)
def test_what_is_no_longer_for_sale_is_there_as_long_as_it_is_for_rent(
    words: str, form: str
) -> None:
    header = form.format(words)
    assert judgement_on(header=header, prices=SALE + RENT).verdict is Verdict.ALIVE
    for_rent = judgement_on(header=header, prices=RENT)
    assert for_rent.verdict is Verdict.UNKNOWN
    assert for_rent.evidence.endswith(", but it is for rent")
    assert judgement_on(header=header).verdict is Verdict.GONE


@pytest.mark.parametrize("form", FORMS_OF_NOTICES)
@pytest.mark.parametrize("words", SOLD_BY_ONE)
def test_what_somebody_sold_is_sold_unless_it_is_for_rent_as_well(words: str, form: str) -> None:
    header = form.format(words)
    assert judgement_on(header=header).verdict is Verdict.SOLD
    assert judgement_on(header=header, prices=RENT).verdict is Verdict.SOLD
    assert judgement_on(header=header, prices=SALE + RENT).verdict is Verdict.ALIVE


@pytest.mark.parametrize("words", ["No longer for sale or rent", "Ya no está en venta o renta"])
def test_the_end_of_both_offers_is_that_of_the_listing(words: str) -> None:
    header = f"<div class='alert'>{words}</div>"
    for prices in (SALE, RENT, SALE + RENT):
        assert judgement_on(header=header, prices=prices).verdict is Verdict.GONE, prices


@pytest.mark.parametrize(
    "words",
    [
        *("Este local ya no está en renta. Ahora está en venta.", "Rentada. Sigue en venta."),
        *("Sold. Now for rent.", "Vendida. Ahora sólo en renta.", "Alugado. Agora à venda."),
        "This property is no longer for sale. It is still available for rent.",
    ],
)
def test_a_notice_that_goes_on_to_say_what_is_on_offer_now_is_no_end(words: str) -> None:
    for prices in (SALE, RENT, SALE + RENT):
        header = f"<div class='alert'>{words}</div>"
        assert judgement_on(header=header, prices=prices).verdict is Verdict.ALIVE, prices


def test_other_listings_on_offer_are_no_offer_of_this_one() -> None:
    said = "This house is no longer available, but see similar homes for rent."
    for prices in (SALE, SALE + RENT):
        judgement = judgement_on(header=f"<div class='alert'>{said}</div>", prices=prices)
        assert judgement.verdict is Verdict.GONE


LISTS_OF_UNITS = [
    "<h3>{}</h3><p>{}</p><h3>Unit 102</h3><p>Available</p>",
    "<div class='unit'><span>{}</span><p>{}</p></div><div class='unit'><p>Disponible</p></div>",
    "<div class='unit'><a href='#l4'>{}</a> <span class='badge'>{}</span></div>",
    "<div><b>{}</b><span>{}</span></div>",
    "<h3>{}. {}</h3>",
]
ENDS_OF_UNITS = [
    *("This unit is no longer available", "Este lote ya no está disponible"),
    *("Este lote ya fue vendido", "Este departamento ya se vendió", "Esta casa ya no existe."),
    "El propietario vendió esta casa",
]


@pytest.mark.parametrize("form", LISTS_OF_UNITS)
@pytest.mark.parametrize("name", ["Unit 101", "Lote 4", "Departamento 302", "Torre A", "Casa 12"])
def test_the_end_of_one_unit_is_not_that_of_a_development(form: str, name: str) -> None:
    for end in ENDS_OF_UNITS:
        judgement = judgement_on(header=form.format(name, end))
        assert judgement.verdict in {Verdict.ALIVE, Verdict.UNKNOWN}, end


@pytest.mark.parametrize(
    "unit",
    [
        "<div><p>Este lote ya no está disponible</p><b>Lote 4</b></div>",
        "<div><a href='#m'>Encino</a> <p>Esta casa ya fue vendida</p></div>",
        "<div><span>101</span><p>Este departamento ya fue vendido</p></div>",
        "<div><a href='/inmueble/x'>Casa azul</a><h3>Esta casa ya fue vendida</h3></div>",
        "<div><h4>Lote 4</h4><p>Esta propiedad ya no está disponible</p></div>",
        "<div><h4>Casa #12-B</h4><p>Propiedad vendida</p></div>",
    ],
)
def test_what_may_name_a_unit_makes_its_end_doubtful(unit: str) -> None:
    assert judgement_on(header=unit).verdict in {Verdict.ALIVE, Verdict.UNKNOWN}


@pytest.mark.parametrize(
    "form",
    [
        *("<div role='alert'>{}</div>", "<div class='alert'><p>{}</p></div>", "<h2>{}</h2>"),
        *("<div><b>Aviso</b><p>{}</p></div>", "<div><span>Vendida</span><p>{}</p></div>"),
        *("<h2>{}</h2><p>Gracias por su interés</p>", "<h2>{}</h2><p>3 de marzo de 2026</p>"),
        *("<h2>{}</h2><a href='/s'>Ver otras casas</a>", "<h2>Lo sentimos. {}</h2>"),
    ],
)
def test_the_end_that_a_sentence_tells_alone_is_the_listings(form: str) -> None:
    for end in ENDS_OF_UNITS:
        judgement = judgement_on(header=form.format(end))
        assert judgement.verdict in {Verdict.GONE, Verdict.SOLD}, end


@pytest.mark.parametrize("before", ["Casa de 3 recámaras", "Residencial Encino", "Vendida en 2026"])
def test_a_sentence_about_the_listing_counts_beside_what_is_no_units_name(before: str) -> None:
    header = f"<div><p>{before}</p><h2>Esta propiedad ya no está disponible</h2></div>"
    assert judgement_on(header=header).verdict in {Verdict.GONE, Verdict.SOLD}


def test_a_sure_sentence_outweighs_that_of_a_unit() -> None:
    unit = "<div><b>Lote 4</b><p>Este lote ya fue vendido</p></div>"
    header = f"{unit}<h2>Este anuncio ya no está disponible</h2>"
    assert judgement_on(header=header).verdict is Verdict.GONE


RENT_OFFER = {"@type": "Offer", "availability": SOLD_OUT, "price": 12_000}
SALE_OFFER = RENT_OFFER | {"price": "1200000"}
IN_ALL = {"@type": "AggregateOffer"}


@pytest.mark.parametrize(
    "offers",
    [
        [{"availability": SOLD_OUT}, {"price": 1_200_000}],
        [{"availability": SOLD_OUT}, {"availability": "Reserved"}],
        [{"availability": SOLD_OUT}, "https://www.pincali.com/offers/2"],
        [{"availability": SOLD_OUT}, [[[[{"availability": IN_STOCK}]]]]],
        [{"availability": SOLD_OUT}, {"availability": [SOLD_OUT, IN_STOCK]}],
        IN_ALL | {"offerCount": 12, "offers": [{"availability": SOLD_OUT}]},
        IN_ALL | {"offerCount": "12", "availability": SOLD_OUT},
        IN_ALL | {"availability": IN_STOCK, "offers": [{"availability": SOLD_OUT}]},
        IN_ALL | {"offers": [*[{"availability": SOLD_OUT}] * 50, {"availability": IN_STOCK}]},
        [*[{"availability": SOLD_OUT, "price": n} for n in range(60)], {"availability": IN_STOCK}],
    ],
)
def test_a_listing_is_off_only_where_the_data_say_so_of_each_offer(offers: Any) -> None:
    for prices in (SALE, SALE + RENT):
        judgement = judgement_on(prices=prices, data=listing(None, offers=offers))
        assert judgement.verdict is Verdict.ALIVE


@pytest.mark.parametrize(
    "data",
    [
        [listing(None, offers=RENT_OFFER), listing(None, offers=[RENT_OFFER])],
        [listing(None, offers=RENT_OFFER), {"@type": "House", "sku": EB, "offers": RENT_OFFER}],
        listing(None, offers=IN_ALL | {"availability": SOLD_OUT, "offers": [RENT_OFFER]}),
    ],
)
def test_one_offer_that_is_told_of_twice_is_not_two(data: Any) -> None:
    judgement = judgement_on(prices=SALE + RENT, data=data)
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.evidence == "the page's data say SoldOut of one offer of several"
    assert judgement_on(prices=RENT, data=data).verdict is Verdict.SOLD


def test_a_listing_of_which_all_offers_are_off_is_sold() -> None:
    offers = [RENT_OFFER, SALE_OFFER]
    for data in (
        listing(None, offers=offers),
        listing(None, offers=IN_ALL | {"offerCount": "2", "offers": offers}),
        [listing(None, offers=offers), listing(None, offers=offers), {"@type": "House", "sku": EB}],
        [listing(None, offers=offers), {"@type": "House", "sku": EB, "offers": []}],
    ):
        assert judgement_on(prices=SALE + RENT, data=data).verdict is Verdict.SOLD


def test_an_offer_of_which_nothing_is_known_contradicts_no_status() -> None:
    offers = [{"availability": SOLD_OUT}, {"price": 1_200_000}]
    data, header = listing(None, offers=offers), "<div class='banner'>Vendida</div>"
    assert judgement_on(header=header, data=data).verdict is Verdict.SOLD
    data = listing(None, offers=[*offers, {"availability": IN_STOCK}])
    judgement = judgement_on(header=header, data=data)
    assert judgement.evidence == 'the page says "Vendida", but its data say InStock'
