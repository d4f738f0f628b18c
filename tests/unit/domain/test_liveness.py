"""What an answer proves about a missing listing; no doubt removes one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pincali_sync.domain.liveness import Answer, Calibration, RedirectKind, Verdict, judge
from pincali_sync.pages import answer as pages_answer
from pincali_sync.pages.answer import read_answer
from tests.support.builders import SITE, id_of

URL = f"{SITE}/en/home/casa-azul-12"
ID = id_of("casa-azul-12")
EB = "EB-SR3456"


def page(title: str, text: str) -> bytes:
    return (
        f"<html><head><title>{title}</title></head><body><main><h1>{text}</h1></main></body></html>"
    ).encode()


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
    assert verdict_on(status, page("Oops | Pincali", "Something")) is verdict


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


def invented(status: int, markup: bytes = b"", slug: str = "no-tal-1", **headers: str) -> Answer:
    return read_answer(f"{SITE}/en/home/{slug}", status, headers, markup).answer


def test_a_redirect_that_urls_which_never_existed_get_too_proves_an_absence() -> None:
    calibration = Calibration.of([invented(302, location="/about?from=no-tal-1")])
    assert verdict_on(301, calibration=calibration, location="/about") is Verdict.GONE
    assert verdict_on(302, calibration=calibration, location="/contact") is Verdict.UNKNOWN
    own = Calibration.of([invented(302, location="/en/gone/no-tal-1")])
    assert verdict_on(302, calibration=own, location="/en/gone/casa-azul-12") is Verdict.GONE


@pytest.mark.parametrize("location", ["/", "/en", "/en/", "/en?from=x", "/es", "/pt-BR/", SITE])
def test_a_redirect_home_proves_an_absence_where_listings_that_are_there_are_shown(
    location: str,
) -> None:
    shown = Answer(url=URL, status=200, shown_public_id="EB-AB1234")
    for calibration in (
        Calibration.of([invented(404)], [shown]),
        Calibration.of([invented(302, location="/")]),
    ):
        assert verdict_on(302, calibration=calibration, location=location) is Verdict.GONE
    assert verdict_on(302, calibration=Calibration(), location=location) is Verdict.UNKNOWN


def test_the_front_page_of_another_site_is_not_the_sites() -> None:
    calibration = Calibration(shows_listings=True)
    where = "https://pincali.example.com/"
    assert verdict_on(302, calibration=calibration, location=where) is Verdict.UNKNOWN


@pytest.mark.parametrize("status", [200, 400, 406, 422, 451])
def test_what_urls_that_never_existed_get_proves_an_absence_whatever_its_status(
    status: int,
) -> None:
    said = page("Pincali", "The change you wanted was rejected.")
    calibration = Calibration.of([invented(status, said), invented(status, said, "no-tal-2")])
    assert verdict_on(status, said, calibration) is Verdict.GONE
    assert verdict_on(status, said) is Verdict.UNKNOWN
    assert verdict_on(status, page("Pincali", "Something else"), calibration) is Verdict.UNKNOWN


@pytest.mark.parametrize("status", [202, 401, 403, 405, 408, 425, 429, 500, 502, 503, 504])
def test_refusals_and_errors_calibrate_nothing(status: int) -> None:
    said = page("Pincali", "We looked everywhere")
    calibration = Calibration.of([invented(status, said)])
    assert calibration.absent_signatures == frozenset()
    assert verdict_on(status, said, calibration) is Verdict.UNKNOWN


def test_422_proves_an_absence_where_listings_that_are_there_are_shown() -> None:
    shown = Answer(url=URL, status=200, shown_public_id="EB-AB1234")
    calibration = Calibration.of([invented(404)], [shown])
    assert verdict_on(422, page("Pincali", "Oops"), calibration) is Verdict.GONE
    assert verdict_on(422, b"", calibration) is Verdict.GONE
    assert verdict_on(422, page("Pincali", "Under maintenance"), calibration) is Verdict.UNKNOWN


def test_pages_of_one_kind_are_equal_whatever_ids_and_slugs_they_name() -> None:
    def nothing(slug: str, request: str) -> bytes:
        return page(f"{slug} | Pincali", f"We found no {slug.replace('-', ' ')} (id {request})")

    calibration = Calibration.of([invented(200, nothing("no-tal-1", "7f3a-11"))])
    assert verdict_on(200, nothing("casa-azul-12", "99bc-02"), calibration) is Verdict.GONE
    other = page("casa-azul-12 | Pincali", "We will look for casa azul 12 (id 99bc-02)")
    assert verdict_on(200, other, calibration) is Verdict.UNKNOWN


def test_invented_urls_that_disagree_calibrate_only_what_all_say() -> None:
    one, other = page("Pincali", "We looked everywhere"), page("Pincali", "We have no idea")
    mixed = [invented(200, one), invented(200, other, "no-tal-2")]
    assert Calibration.of(mixed).absent_signatures == frozenset()
    assert Calibration.of([mixed[0], invented(503)]).absent_signatures == frozenset()
    assert Calibration.of([]).absent_signatures == frozenset()


def test_what_a_listing_that_should_be_there_was_answered_calibrates_nothing() -> None:
    nothing = page("Pincali", "We looked everywhere")
    known = read_answer(URL, 200, {}, nothing).answer
    assert Calibration.of([invented(200, nothing)], [known]).absent_signatures == frozenset()


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
    calibration = Calibration.of([invented(200, nothing)])
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


def test_a_page_that_shows_another_id_proves_the_missing_listing_gone(pages_folder: Path) -> None:
    markup, shown = detail(pages_folder)
    for status, verdict in ((200, Verdict.GONE), (404, Verdict.UNKNOWN)):
        answer = read_answer(URL, status, {}, markup).answer
        judgement = judge(answer, property_id=ID, public_id=EB)
        assert judgement.verdict is verdict
        assert shown in judgement.evidence


def test_a_page_that_shows_its_id_under_a_status_that_denies_it_proves_nothing(
    pages_folder: Path,
) -> None:
    markup, shown = detail(pages_folder)
    for status in (404, 410, 422):
        answer = read_answer(URL, status, {}, markup).answer
        judgement = judge(answer, property_id=ID, public_id=shown)
        assert judgement.verdict is Verdict.UNKNOWN
        assert judgement.evidence == f"HTTP {status}, but the page shows {shown}"


def test_a_listings_page_that_was_cut_short_proves_nothing(pages_folder: Path) -> None:
    markup, shown = detail(pages_folder)
    answer = read_answer(URL, 200, {}, markup[: markup.index(b"listing__description")]).answer
    for public_id in (shown, EB):
        judgement = judge(answer, property_id=ID, public_id=public_id)
        assert (judgement.verdict, judgement.may_change) == (Verdict.UNKNOWN, True)


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
        for where in (
            "/inmueble/casa-azul-13",
            "/en/properties/properties-for-rent",
            "/en",
            "/about",
        )
    ]
    assert kinds == [
        RedirectKind.LISTING,
        RedirectKind.SEARCH,
        RedirectKind.HOME,
        RedirectKind.ELSEWHERE,
    ]


@pytest.mark.parametrize("step", ["challenge_kind", "tree_of", "read_listing", "_plain_page"])
def test_a_page_that_trips_its_reader_proves_nothing(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("nobody thought of this")

    monkeypatch.setattr(pages_answer, step, broken)
    read = read_answer(URL, 404, {}, b"<html><title>x | Pincali</title></html>")
    assert read.scraped is None
    judged = judge(read.answer, property_id="", public_id=None)
    assert judged.verdict is Verdict.UNKNOWN
