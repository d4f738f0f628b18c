"""Words that a listing is gone count where a page says them of this listing, and nowhere else."""

from __future__ import annotations

import pytest

from pincali_sync.domain.liveness import Calibration, Judgement, Verdict, judge
from pincali_sync.pages.answer import read_answer
from tests.support.builders import SITE, id_of

URL = f"{SITE}/en/home/casa-rosa-31"


def judgement_on(body: str, *, status: int = 200, title: str = "Casas | Pincali") -> Judgement:
    page = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    answer = read_answer(URL, status, {}, page.encode()).answer
    return judge(answer, property_id=id_of("casa-rosa-31"), public_id="EB-KL7001")


def verdict_on(body: str, *, status: int = 200, title: str = "Casas | Pincali") -> Verdict:
    return judgement_on(body, status=status, title=title).verdict


GONE = [
    "This property is no longer available",
    "This listing is no longer active.",
    "The listing you are looking for is no longer available!",
    "Sorry, the property you're looking for has been removed.",
    "We're sorry, this ad has expired",
    "This listing has been deactivated by its owner",
    "This apartment isn't available anymore",
    "The property you requested is not published any more",
    "Oops! This listing no longer exists.",
    "Unfortunately, this home was taken off the market",
    "Listing no longer available",
    "This listing is no longer available on Pincali.",
    "This property is no longer available, but here are similar ones",
    "This listing has expired or was removed by the advertiser",
    "Esta propiedad ya no está publicada",
    "El inmueble que buscas ya no se encuentra disponible.",
    "Este anuncio ya no está activo",
    "El anuncio que estás buscando fue eliminado por su anunciante",
    "Lo sentimos, el inmueble que intentas ver ha sido retirado",
    "Lo sentimos mucho: esta casa ya no está en venta",
    "¡Ups! Este departamento ya no existe",
    "La publicación ha expirado.",
    "Esta propiedad fue dada de baja",
    "Esta propiedad ya no est&aacute; disponible",
    "Esta&nbsp;propiedad   ya\n no está <b>disponible</b>.",
    "ESTE INMUEBLE YA NO ESTÁ DISPONIBLE",
    "Este terreno ya no está disponible. Conoce otros terrenos en la zona.",
    "Esta propiedad ya no está disponible, pero tenemos otras similares",
    "Propiedad ya no disponible",
    "Anuncio eliminado",
    "Este anúncio não está mais disponível.",
    "Desculpe, este imóvel não se encontra mais disponível",
    "O imóvel que você procura foi removido do site",
    "Este anúncio já não está disponível",
    "Este anúncio expirou",
    "O imóvel que você está procurando não existe mais",
    "Error 404. Este anuncio ya no está disponible",
    "Ya no está disponible esta propiedad",
    "Anúncio não está mais disponível",
    "The listing has ended",
    "This listing is inactive",
    "This property is off the market.",
    "La propiedad que busca ya no se encuentra publicada",
    "El anuncio ya no existe",
    "El departamento que usted busca ya no está disponible",
    "This listing was taken down by its owner",
    "The owner has removed this listing",
    "El anunciante eliminó este anuncio",
    "O anunciante removeu este anúncio",
    "This townhouse is no longer available",
    "Whoops, this rental is no longer available",
    "Este anuncio está inactivo",
    "Disculpa, esta habitación ya no está disponible",
    "La propiedad que viste ha dejado de estar disponible",
    "Poxa, este imóvel saiu do mercado",
    "Este imóvel não está mais para alugar",
    "Lo sentimos. Página no encontrada. Este anuncio ya no está disponible",
    "Este terreno ya no está disponible, te mostramos otros similares",
    "Este anuncio está pausado",
    "Este inmueble fue pausado por el anunciante",
    "This listing has been paused",
    "This listing is suspended",
    "Esta propiedad no está publicada actualmente",
    "O anunciante pausou este anúncio",
]
SOLD = [
    "This property has already been sold",
    "This home was sold",
    "This listing has been rented",
    "The property you are looking for has been sold or rented.",
    "Property sold",
    "Esta propiedad ya fue vendida",
    "Esta casa ha sido rentada",
    "Lo sentimos, este departamento ya fue rentado",
    "El inmueble que buscas ya se vendió",
    "Este local comercial ya fue alquilado.",
    "Esta propiedad ya está vendida",
    "Inmueble rentado",
    "Este imóvel foi vendido",
    "Desculpe, esta casa já foi alugada",
    "Este apartamento já foi locado",
    "This listing has been marked as sold",
    "Esta propiedad ha sido marcada como vendida",
    "El agente vendió esta casa",
    "Sold: this property is no longer available",
    "This house was sold on 3 March 2026",
    "This flat has just been rented",
    "This home is no longer available because it was sold",
    "Este local ya no está disponible porque fue rentado",
    "Lo sentimos, este inmueble se ha vendido",
    "Este departamento se ha rentado",
]
NOTHING = [
    "",
    "Welcome to Pincali",
    "Is this listing no longer available?",
    "¿Esta propiedad ya no está disponible?",
    "¿La casa que buscas ya fue vendida? Encuentra otra.",
    "Some listings may show as no longer available",
    "Algunas propiedades ya no están disponibles",
    "A house was sold every five minutes",
    "En Pincali se vendió una casa cada cinco minutos",
    "This feature is no longer available",
    "Esta función ya no está disponible en tu país",
    "This listing is no longer available in your region",
    "This listing is no longer available to guests",
    "Tell us when a property is no longer available",
    "If this listing is no longer available, report it",
    "Avísanos si esta propiedad ya no está disponible",
    "More than 3,000 homes have been sold",
    "This property has been sold every year since 1990",
    "Your saved search has been removed",
    "Esta búsqueda ya no está activa",
    "The app is no longer available",
    "Tu propiedad puede ser vendida",
    "Casas vendidas en Mérida",
    "Este anuncio fue eliminado de tus favoritos",
    "This listing has been removed from your favorites",
    "Algumas casas já foram vendidas",
    "This offer has expired",
    "Esta oferta ya no es válida",
    "Your listing has expired",
    "Tu anuncio ya no está activo",
    "Your session has expired",
    "La casa fue vendida",
    "La casa fue vendida en tres días",
    "This property may no longer be available",
    "Check whether this property is still available",
    "We could not load this listing",
    "Listings that are no longer available are hidden",
    "This page is no longer available",
    "This listing is unavailable",
    "Esta propiedad no está disponible por ahora",
    "La casa de tus sueños ya no está disponible",
    "Esta zona ya no está disponible",
    "O corretor não está mais disponível",
    "This agent is no longer active",
    "Photos of this property have been removed",
    "The price of this property was removed",
    "This office is closed",
    "Our storage rests today. This listing is no longer available",
    "We changed something. Esta propiedad ya no está disponible",
    "This listing is no longer available. Reload the page.",
    "Este anuncio ya no está disponible. Nuestro equipo trabaja para solucionarlo.",
    "Obra suspendida",
    "Tu anuncio está pausado",
    "El precio no está publicado",
    "En Pincali se ha vendido una casa",
]
TROUBLE = [
    "We are under maintenance.",
    "Scheduled maintenance",
    "We are having technical difficulties.",
    "We're experiencing technical issues",
    "Something went wrong.",
    "An unexpected error occurred.",
    "Please try again later.",
    "Come back in a few minutes.",
    "The service is temporarily unavailable",
    "Service unavailable",
    "502 Bad Gateway",
    "Estamos en mantenimiento",
    "Sitio en mantenimiento.",
    "Tenemos problemas técnicos",
    "Inténtalo más tarde.",
    "Vuelve a intentarlo en unos minutos",
    "Ocurrió un error",
    "Algo salió mal",
    "Servicio no disponible",
    "Error del servidor",
    "Site em manutenção",
    "Tente novamente mais tarde",
    "Ocorreu um erro inesperado",
    "Temporariamente indisponível",
    "Access denied",
    "Acceso denegado",
    "Verify you are human",
    "Verifica que eres humano",
    "Too many requests",
    "Log in to continue",
    "We'll be back",
    "Volvemos enseguida",
    "Something broke",
    "The page could not be loaded",
    "No se pudo cargar la página",
    "Não foi possível carregar a página",
    "Redirecting",
    "You are in the waiting room",
    "This site is not available in your country",
    "No disponible en tu país",
    "Our servers are down",
    "The database is being upgraded",
    "Planned downtime",
    "System upgrade",
    "Service interruption",
    "Servicio interrumpido",
    "Actualización del sistema",
    "Atualização do sistema",
    "Read-only mode",
    "Servidor ocupado",
    "Site closed for repairs",
    "We are moving",
    "Sin conexión",
    "Connection lost",
    "Falla del sistema",
    "Incidencia",
    "503",
    "Coming soon",
    "En construcción",
    "Estamos haciendo mejoras",
]


@pytest.mark.parametrize("text", GONE)
def test_a_sentence_about_this_listing_says_that_it_is_gone(text: str) -> None:
    assert verdict_on(f"<main><h1>{text}</h1></main>") is Verdict.GONE
    assert verdict_on(f"<div class='alert'><p>{text}</p></div>") is Verdict.GONE
    assert verdict_on(f"<main><h1>Pincali</h1><p>{text}</p></main>") is Verdict.GONE


@pytest.mark.parametrize("text", SOLD)
def test_a_sentence_about_this_listing_says_that_it_was_sold_or_rented(text: str) -> None:
    assert verdict_on(f"<main><h1>{text}</h1></main>") is Verdict.SOLD
    assert verdict_on(f"<main><h1>Pincali</h1><p>{text}</p></main>", status=404) is Verdict.SOLD


@pytest.mark.parametrize("text", NOTHING)
def test_other_sentences_with_the_same_words_say_nothing(text: str) -> None:
    assert verdict_on(f"<main><h1>{text}</h1></main>") is Verdict.UNKNOWN
    assert verdict_on(f"<main><h1>Pincali</h1><p>{text}</p></main>") is Verdict.UNKNOWN


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("status", [200, 404, 410, 422])
def test_a_page_of_trouble_proves_nothing_whatever_else_it_says(trouble: str, status: int) -> None:
    said = "<p>This listing is no longer available</p>"
    for body in (f"<h1>{trouble}</h1>{said}", f"{said}<p>{trouble}</p>", f"<h1>{trouble}</h1>"):
        judgement = judgement_on(f"<main>{body}</main>", status=status)
        assert judgement.verdict is Verdict.UNKNOWN
        assert judgement.may_change
        assert trouble in judgement.evidence or "refused" in judgement.evidence
    assert verdict_on("<main><h1>Oops</h1></main>", status=404, title=trouble) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "Page not found",
        "Error 404",
        "404 error: not found",
        "The page you were looking for doesn't exist.",
        "You may have mistyped the address or the page may have moved.",
        "Check the address and try again",
        "No encontramos la página que buscas",
        "La página no existe. Verifica la dirección e inténtalo de nuevo.",
        "Ha ocurrido un error 404: la página no existe",
        "Página não encontrada",
        "",
    ],
)
def test_an_ordinary_page_of_status_404_is_gone(text: str) -> None:
    assert verdict_on(f"<main><h1>{text}</h1></main>", status=404) is Verdict.GONE
    assert verdict_on(f"<p>{text}</p>", status=410, title="Not found") is Verdict.GONE


@pytest.mark.parametrize(
    "body",
    [
        "<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>The specified key does not "
        "exist.</Message></Error>",
        "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
        "default backend - 404",
        "<html><body><h1>503 Service Unavailable</h1>No server is available.</body></html>",
        "<html><body><h1>Bad Request</h1><p>Your request has been blocked.</p></body></html>",
        "<html><title>Fastly error: unknown domain</title><p>Fastly error</p></html>",
        "<html><title>Attention Required!</title><body><h1>Sorry</h1></body>",
        "<html><body><p>Incident ID: 778000-12</p><p>Request unsuccessful</p></body></html>",
        "<html><title>Log in or create an account | Pincali</title><body class='account'></body>",
        "<h1>We're sorry, but something went wrong.</h1>",
        "fault filter abort",
        "<html><title>Welcome to the server</title><h1>It works</h1></html>",
        "<html><title>Index of /</title></html>",
        "<html><body><script src='/x.js'></script></body></html>",
        "<html><title>Create an account | Pincali</title></html>",
        "<html><title>Pincali</title><p>Your session has expired</p></html>",
        "<html><title>Site not found</title><p>No GitHub Pages here</p></html>",
        "<html><title>404</title><p>Code: DEPLOYMENT_NOT_FOUND</p></html>",
        "<html><title>Oops</title><h1>Account suspended</h1></html>",
        "<html><title>x.example</title><p>This domain is for sale</p></html>",
        "<html><title>Sorry</title><h1>No server is available for this request</h1></html>",
    ],
)
def test_an_absence_is_not_proven_by_a_store_a_gateway_or_a_wall(body: str) -> None:
    answer = read_answer(URL, 404, {}, body.encode()).answer
    assert judge(answer, property_id="", public_id="EB-KL7001").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Not found",
        '{"error": "not found"}',
        "{}",
        "<html><head></head><body></body></html>",
        "<p>The listing could not be found</p>",
        "<h1>No encontramos este inmueble</h1>",
        "<h1>Este imóvel não foi encontrado</h1>",
        "<html><title>404 Not Found</title><body><center><h1>404 Not Found</h1></center>"
        "<hr><center>nginx</center></body></html>",
        "<html><title>Pincali</title><body><h1>Page not found</h1><p>If you are having problems, "
        "contact us</p><noscript>Please enable JavaScript</noscript></body></html>",
    ],
)
def test_a_bare_page_of_status_404_is_gone(body: str) -> None:
    answer = read_answer(URL, 404, {}, body.encode()).answer
    assert judge(answer, property_id="", public_id="EB-KL7001").verdict is Verdict.GONE


def test_words_count_only_where_the_site_puts_them_for_this_listing() -> None:
    words = "This listing is no longer available"
    for apart in (
        f"<form><label>{words}</label></form>",
        f"<div class='modal'><p>{words}</p></div>",
        f"<div class='alert hidden'>{words}</div>",
        f"<div class='alert d-none'>{words}</div>",
        f"<div class='alert' style='display: none'>{words}</div>",
        f"<div hidden><h1>{words}</h1></div>",
        f"<template><h1>{words}</h1></template>",
        f"<script>var gone = '{words}';</script>",
        f"<div class='footer'><p>{words}</p></div>",
        f"<nav><a href='/x'>{words}</a></nav>",
        f"<ul><li class='property__component'><h2>{words}</h2></li></ul>",
        f"<h3>Why?</h3><ul><li>Wrong price</li><li><p>{words}</p></li></ul>",
        f"<div class='alert'><ol><li>{words}</li></ol></div>",
        f"<div class='report-listing'><p>{words}</p></div>",
        f"<!-- <h1>{words}</h1> -->",
        f"<p>{words}</p>" + "<p>Casas y departamentos en todo México</p>" * 40,
        f"<p>{'Casas en venta. ' * 20}{words}</p>",
    ):
        assert verdict_on(f"<h1>Casas</h1>{apart}") is Verdict.UNKNOWN, apart


FRAME = (
    '<body class="marketplace"><header class="marketplace__header"></header><h1>Casa en Lomas</h1>'
)
PLAIN = [
    ("<div class='alert'>Propiedad no disponible</div>", Verdict.GONE),
    ("<div role='alert'><p>Este inmueble no está disponible.</p></div>", Verdict.GONE),
    ("<h2>Anuncio no encontrado</h2>", Verdict.GONE),
    ("<h2>Property not found</h2>", Verdict.GONE),
    ("<div class='alert'>Imóvel não encontrado</div>", Verdict.GONE),
    ("<div class='alert'>Vendida</div>", Verdict.SOLD),
    ("<div class='notice'><i class='fa fa-check'></i> Propiedad vendida</div>", Verdict.SOLD),
]


@pytest.mark.parametrize(("said", "verdict"), PLAIN)
def test_in_the_sites_frame_a_plain_notice_of_the_listing_counts(
    said: str, verdict: Verdict
) -> None:
    assert verdict_on(f"{FRAME}{said}") is verdict
    if verdict is Verdict.GONE:
        assert verdict_on(f"<h1>Casa en Lomas</h1>{said}") is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "said",
    [
        "<div class='alert'>Inmueble no disponible por el momento</div>",
        "<div class='alert'>Este inmueble no está disponible por el momento.</div>",
        "<p>Propiedad no disponible</p>",
        "<h2>Vendida</h2>",
        "<div class='card'>Vendida</div>",
        "<div class='alert'>No disponible</div>",
        "<h2>Propiedades vendidas</h2><div class='alert'>Vendida</div>",
        "<div class='alert hide'>Propiedad no disponible</div>",
        "<div class='alert'>¿Propiedad no disponible?</div>",
        "<div class='alert'>Propiedad no disponible</div><p>Intenta más tarde</p>",
        "<div class='alert'>Página no encontrada</div>",
        "<div class='alert'><ul><li>Anuncio no encontrado</li></ul></div>",
    ],
)
def test_in_the_sites_frame_what_is_not_certain_counts_for_nothing(said: str) -> None:
    assert verdict_on(f"{FRAME}{said}") is Verdict.UNKNOWN


UNITS = "<p>Depto 101</p><p class='status'>En venta</p>"


@pytest.mark.parametrize("sold", ["Vendida", "Sold", "Vendido"])
@pytest.mark.parametrize(
    "said",
    [
        "<div class='card'><a href='/x'><img></a><span class='badge badge-status'>{}</span></div>",
        "<div class='card'><div class='card-status'>{}</div><p>Casa azul</p></div>",
        "<div class='slide'><a href='/x'>Casa azul</a><span class='status'>{}</span></div>",
        "<span class='badge'>{}</span>",
        "<div class='property-status'>{}</div>",
        "<div class='message'><span class='status-label'>{}</span></div>",
        "<div class='video-message'>{}</div>",
        "<div class='alert'>{}</div><div class='price'>$3,000,000</div>",
        "<p>MXN 3,000,000</p><div class='alert'>{}</div>",
        "<div class='alert'>{}</div><p>Disponible</p>",
        f"<div class='alert'>{{}}</div>{UNITS}",
        "<div class='alert'>{0}</div><div class='alert'>{0}</div>",
        "<div class='alert'><a href='/x'>Casa azul</a> {}</div>",
        "<div class='alert'><b>Casa azul</b><p>{}</p></div>",
    ],
)
def test_in_the_sites_frame_that_something_was_sold_may_be_said_of_another(
    said: str, sold: str
) -> None:
    assert verdict_on(f"{FRAME}{said.format(sold)}") is Verdict.UNKNOWN


@pytest.mark.parametrize("sold", ["Vendida", "Sold", "Vendido"])
@pytest.mark.parametrize(
    "notice", ["class='alert alert-danger'", "class='flash'", "role='status'", "class='message'"]
)
def test_in_the_sites_frame_a_notice_that_stands_alone_counts(notice: str, sold: str) -> None:
    assert verdict_on(f"{FRAME}<div {notice}><p>{sold}</p></div>") is Verdict.SOLD


@pytest.mark.parametrize("hidden", ["style='opacity:0'", "class='hidden-xs'"])
def test_trouble_that_fades_in_or_stands_on_some_screens_is_trouble(hidden: str) -> None:
    body = f"<main><h1 {hidden}>Estamos en mantenimiento</h1></main>"
    assert verdict_on(body, status=404) is Verdict.UNKNOWN


def test_words_on_a_page_that_is_not_the_sites_prove_nothing() -> None:
    said = "<h1>This listing is no longer available</h1>"
    assert verdict_on(said, title="Wrapper | proxy.example") is Verdict.UNKNOWN
    assert verdict_on(said, title="Just a moment... | www.pincali.com") is Verdict.UNKNOWN


@pytest.mark.parametrize("status", [301, 302, 304, 422])
def test_words_under_other_statuses_count_only_on_a_page_of_the_sites(status: int) -> None:
    said = "<h1>This listing is no longer available</h1>"
    assert verdict_on(said, status=status, title="Wrapper") is Verdict.UNKNOWN
    own = verdict_on(said, status=status)
    assert own is (Verdict.GONE if status == 422 else Verdict.UNKNOWN)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("path", ["/en/properties/houses-for-sale", "/inmuebles/casas", "/en"])
def test_a_redirect_to_another_host_proves_nothing(path: str, status: int) -> None:
    for target, verdict in ((f"https://parked.example{path}", Verdict.UNKNOWN), (path, None)):
        answer = read_answer(URL, status, {"location": target}, b"").answer
        judged = judge(
            answer,
            property_id="",
            public_id="EB-KL7001",
            calibration=Calibration(shows_listings=True),
        )
        assert judged.verdict is (verdict or Verdict.GONE)


def test_a_page_that_was_cut_short_proves_nothing() -> None:
    page = "<html><title>Pincali</title><body><h1>This listing is no longer available</h1>"
    answer = read_answer(URL, 200, {}, page.encode()).answer
    judgement = judge(answer, property_id="", public_id="EB-KL7001")
    assert (judgement.verdict, judgement.may_change) == (Verdict.UNKNOWN, True)


def test_the_evidence_is_what_the_page_says_as_it_says_it() -> None:
    said = "<h1>Lo sentimos, esta propiedad ya no está disponible. Llama a Agente 7.</h1>"
    assert judgement_on(said).evidence == (
        'the page says "Lo sentimos, esta propiedad ya no está disponible."'
    )
