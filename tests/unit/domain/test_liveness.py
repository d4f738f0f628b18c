"""What an answer proves about a missing listing; no doubt removes one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pincali_sync.domain.liveness import Answer, Calibration, RedirectKind, Verdict, judge
from pincali_sync.pages.answer import read_answer
from tests.support.builders import SITE, id_of

URL = f"{SITE}/en/home/casa-azul-12"
ID = id_of("casa-azul-12")
EB = "EB-SR3456"


def page(title: str, text: str) -> bytes:
    return f"<html><head><title>{title}</title></head><body><main><h1>{text}</h1></main>".encode()


def verdict_on(
    status: int, markup: bytes = b"", calibration: Calibration | None = None, **headers: str
) -> Verdict:
    answer = read_answer(URL, status, headers, markup).answer
    known = calibration or Calibration()
    return judge(answer, property_id=ID, public_id=EB, calibration=known).verdict


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (404, Verdict.GONE),
        (410, Verdict.GONE),
        (202, Verdict.UNKNOWN),
        (401, Verdict.UNKNOWN),
        (403, Verdict.UNKNOWN),
        (405, Verdict.UNKNOWN),
        (422, Verdict.UNKNOWN),
        (429, Verdict.UNKNOWN),
        (500, Verdict.UNKNOWN),
        (503, Verdict.UNKNOWN),
    ],
)
def test_only_not_found_and_gone_prove_an_absence_by_their_status(
    status: int, verdict: Verdict
) -> None:
    assert verdict_on(status, page("Error", "Something")) is verdict


@pytest.mark.parametrize(
    ("location", "verdict"),
    [
        ("/en/properties/properties-for-sale", Verdict.GONE),
        ("/inmuebles/casas-en-venta", Verdict.GONE),
        ("/", Verdict.UNKNOWN),
        ("/en/home/casa-verde-9", Verdict.UNKNOWN),
        ("/login?back=1", Verdict.UNKNOWN),
    ],
)
def test_a_redirect_proves_an_absence_only_where_it_leads_to_a_search(
    location: str, verdict: Verdict
) -> None:
    assert verdict_on(301, location=location) is verdict


def test_a_redirect_that_urls_which_never_existed_get_too_proves_an_absence() -> None:
    invented = read_answer(f"{SITE}/en/home/no-tal-1", 302, {"location": "/"}, b"").answer
    calibration = Calibration.of([invented])
    assert verdict_on(302, calibration=calibration, location="/") is Verdict.GONE
    assert verdict_on(302, calibration=calibration, location="/en") is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("This property is no longer available", Verdict.GONE),
        ("Esta propiedad ya no está disponible", Verdict.GONE),
        ("Este imóvel não está mais disponível", Verdict.GONE),
        ("This property has been sold", Verdict.SOLD),
        ("Esta propiedad ya fue rentada", Verdict.SOLD),
        ("Este imóvel já foi alugado", Verdict.SOLD),
        ("Welcome", Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
    ],
)
def test_a_page_without_a_listing_must_say_that_it_is_gone(text: str, verdict: Verdict) -> None:
    assert verdict_on(200, page("Pincali", text)) is verdict


def test_the_page_of_urls_that_never_existed_proves_an_absence() -> None:
    nothing = page("Pincali", "We looked everywhere")
    invented = read_answer(f"{SITE}/en/home/no-tal-1", 200, {}, nothing).answer
    calibration = Calibration.of([invented])
    assert verdict_on(200, nothing, calibration) is Verdict.GONE
    assert verdict_on(200, page("Pincali", "Under maintenance"), calibration) is Verdict.UNKNOWN


def test_errors_and_blank_pages_calibrate_nothing() -> None:
    failed = Answer(url=URL, status=503, signature="503 error | error")
    blank = read_answer(URL, 200, {}, b"<html><body></body></html>").answer
    assert Calibration.of([failed, blank]).absent_signatures == frozenset()
    assert verdict_on(200, b"", Calibration.of([blank])) is Verdict.UNKNOWN


def test_a_challenge_is_no_answer_about_the_listing() -> None:
    answer = read_answer(URL, 202, {"x-amzn-waf-action": "challenge"}, b"").answer
    judgement = judge(answer, property_id=ID, public_id=EB)
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.may_change


def detail(pages_folder: Path) -> tuple[bytes, str]:
    markup = (pages_folder / "detail-2026-es.html").read_bytes()
    shown = read_answer(URL, 200, {}, markup).answer.shown_public_id
    assert shown is not None
    return markup, shown


def test_a_page_that_shows_its_id_proves_the_listing_alive(pages_folder: Path) -> None:
    markup, shown = detail(pages_folder)
    read = read_answer(URL, 200, {}, markup)
    assert judge(read.answer, property_id=ID, public_id=shown).verdict is Verdict.ALIVE
    assert read.scraped is not None
    assert read.scraped.public_id == shown


def test_a_page_that_shows_another_id_proves_nothing(pages_folder: Path) -> None:
    markup, shown = detail(pages_folder)
    judgement = judge(read_answer(URL, 200, {}, markup).answer, property_id=ID, public_id=EB)
    assert judgement.verdict is Verdict.UNKNOWN
    assert shown in judgement.evidence


def test_a_record_without_an_id_is_alive_if_its_own_url_still_shows_a_listing(
    pages_folder: Path,
) -> None:
    markup, _ = detail(pages_folder)
    answer = read_answer(URL, 200, {}, markup).answer
    assert answer.shown_property_id is not None
    alive = judge(answer, property_id=answer.shown_property_id, public_id=None)
    moved = judge(answer, property_id=id_of("another-house"), public_id=None)
    assert (alive.verdict, moved.verdict) == (Verdict.ALIVE, Verdict.UNKNOWN)


def test_a_canary_that_does_not_sing_is_not_alive() -> None:
    gone = judge(Answer(url=URL, status=404), property_id=ID, public_id=EB)
    assert gone.verdict is not Verdict.ALIVE


def test_where_a_redirect_leads_is_told_apart() -> None:
    kinds = [
        read_answer(URL, 301, {"location": where}, b"").answer.redirect_kind
        for where in ("/inmueble/casa-azul-13", "/en/properties/properties-for-rent", "/about")
    ]
    assert kinds == [RedirectKind.LISTING, RedirectKind.SEARCH, RedirectKind.ELSEWHERE]
