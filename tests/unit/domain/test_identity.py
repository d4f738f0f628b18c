"""A listing is the same one under every URL it is reached by, and under both of its ids."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.domain.identity import (
    CANONICAL_ROOT,
    canonical_url,
    linked_listing,
    numeric_id_of,
    property_id_of,
    public_id_of,
)
from pincali_sync.exceptions import PageError

SLUGS = st.text(string.ascii_letters + string.digits + "-_.ñé", min_size=3, max_size=80)
HOSTS = st.sampled_from(["", "https://www.pincali.com", "http://pincali.com", "http://127.0.0.1:1"])
FORMS = st.sampled_from(
    [
        "/en/home/{}",
        "/home/{}",
        "/inmueble/{}",
        "/pt/imovel/{}",
        "/inmobiliarios/agente-12/inmueble/{}",
        "/en/home/{}/",
        "/inmueble/{}?utm_source=x#map",
    ]
)


@given(st.integers(min_value=10_000, max_value=10**12))
def test_ids_convert_both_ways(number: int) -> None:
    assert numeric_id_of(public_id_of(number)) == number


@pytest.mark.parametrize(
    ("number", "public_id"),
    [(10_000, "EB-A0000"), (7_029_999, "EB-ZZ9999"), (7_030_000, "EB-AAA0000")],
)
def test_letters_carry_over_as_columns_of_a_sheet_do(number: int, public_id: str) -> None:
    assert public_id_of(number) == public_id
    assert numeric_id_of(public_id) == number


def test_a_number_too_small_for_a_letter_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        public_id_of(9_999)


@pytest.mark.parametrize("text", ["", "EB-", "EB-A12", "eb-a1234", "EB-A1234\n", "EB-A١٢٣٤"])
def test_other_text_is_no_public_id(text: str) -> None:
    with pytest.raises(ValueError, match="no EasyBroker id"):
        numeric_id_of(text)


@given(SLUGS, HOSTS, FORMS)
def test_host_language_query_and_case_do_not_matter(slug: str, host: str, form: str) -> None:
    url = host + form.format(slug)
    assert canonical_url(url) == f"https://www.pincali.com/en/home/{slug.lower()}"
    assert property_id_of(url) == property_id_of(f"https://www.pincali.com/en/home/{slug}")


@given(st.text())
def test_a_canonical_url_is_its_own_canonical_url(slug: str) -> None:
    try:
        canonical = canonical_url(f"/en/home/{slug}")
    except PageError:
        return  # no slug
    assert canonical_url(canonical) == canonical


def test_a_property_id_is_sixteen_hex_digits() -> None:
    prefix, digits = property_id_of("/inmueble/casa-de-prueba").split("_")
    assert prefix == "pincali"
    assert len(digits) == 16
    assert set(digits) <= set(string.hexdigits.lower())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "/en/properties/properties-for-sale",
        "/en/home/",
        "/en/home/a/b",
        "/en/home/%3F",
        "/en/home/.",
        "/en/home/..",
        "/inmueble/%2e%2E/",
        "/en/home/a\\b",
        "/en/home/a\ud800",
        "/en/home/a%5Cb",
        "/en/home/casa\u202eroja",
        *(f"/en/home/casa{unseen}" for unseen in "\u200b\u200d\u2060\u00ad\u180e\U000e0041"),
        "/en/home/" + "a" * 501,
        "/en/home/casa?" + "a" * 2048,
        "http://[",
    ],
)
def test_a_url_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(PageError, match="not the URL of a listing") as refusal:
        canonical_url(url)
    assert len(str(refusal.value)) < 300


PAGE = "http://127.0.0.1:8080/en/properties/properties-for-sale"


@pytest.mark.parametrize(
    "link",
    [
        *(
            "/en/home/casa-1",
            "//www.pincali.com/en/home/casa-1",
            "https://pincali.com/inmueble/casa-1",
        ),
        *("HTTPS://WWW.PINCALI.COM/en/home/casa-1", " https://www.pincali.com./en/home/casa-1/ "),
        *("http://www.pincali.com:80/en/home/casa-1", "https://www.pincali.com:443/en/home/casa-1"),
        "https://www.pincali.com/pt/imovel/casa-1?utm_source=x&utm_medium=card#photos",
        "https://www.pincali.com/inmobiliarios/agente-1/inmueble/casa-1",
        *("http://127.0.0.1:8080/en/home/casa-1", "//127.0.0.1:8080/inmueble/casa-1"),
    ],
)
def test_a_link_within_the_site_is_a_listings(link: str) -> None:
    assert linked_listing(link, PAGE) == f"{CANONICAL_ROOT}casa-1"


@pytest.mark.parametrize(
    "link",
    [
        *("https://anuncios.example/en/home/casa-1", "//anuncios.example/inmueble/casa-1"),
        *(
            "https://pincali.com.example/en/home/casa-1",
            "https://xn--pincli-4ya.com/en/home/casa-1",
        ),
        *("https://notpincali.com/en/home/casa-1", "https://www.pincali.com.mx/en/home/casa-1"),
        *("https://blog.pincali.com/en/home/casa-1", "https://www.pincali.com:8443/en/home/casa-1"),
        "https://www.pincali.com@anuncios.example/en/home/casa-1",
        "https://ana:secret@www.pincali.com/en/home/casa-1",
        "https://anuncios.example\\@www.pincali.com/en/home/casa-1",
        *("http://127.0.0.1:9090/en/home/casa-1", "http://127.0.0.2:8080/en/home/casa-1"),
        *("/\\anuncios.example/en/home/casa-1", "/\t/anuncios.example/en/home/casa-1"),
        *("///anuncios.example/en/home/casa-1", "\\\\anuncios.example\\en/home/casa-1"),
        *("https:///en/home/casa-1", "https:/en/home/casa-1", "https:en/home/casa-1"),
        *(
            "javascript:/en/home/casa-1",
            "mailto:/en/home/casa-1",
            "ftp://www.pincali.com/en/home/x",
        ),
        *("http://[/en/home/casa-1", "http://www.pincali.com:x/en/home/casa-1", "", "#"),
        *("/en/properties/houses", "https://www.pincali.com/", "en/home/casa-1"),
    ],
)
def test_a_link_that_leaves_the_site_is_no_listings(link: str) -> None:
    with pytest.raises(PageError):
        linked_listing(link, PAGE)
