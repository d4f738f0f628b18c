"""Who is named in a text, however it is written."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.domain.people import EMAIL, GONE, PHONE, Forgotten, Person, digest
from pincali_sync.exceptions import UsageError

KEY = b"k" * 32
CONTACTS = f"{EMAIL}|{PHONE}"


def forgotten(*people: str) -> Forgotten:
    forms = [Person.parse(each).form for each in people]
    return Forgotten(KEY, frozenset(digest(form, KEY) for form in forms))


@pytest.mark.parametrize(
    "text",
    [
        "33 0000 0001",
        "3300000001",
        "+52 33 0000 0001",
        "+52 1 33 0000 0001",
        "5213300000001",
        "(33) 0000-0001",
        "330 000 0001",
        "33-00-00-00-01",
        "045 33 0000 0001",
        "33.0000.0001",
    ],
)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    line = f"Informes: {text}, de 9 a 5"
    assert re.sub(CONTACTS, GONE, line) == f"Informes: {GONE}, de 9 a 5"
    assert re.search(Person.parse("33 0000 0001").pattern, line)
    assert forgotten("+52 (33) 00000001").taken_from(line) == f"Informes: {GONE}, de 9 a 5"


@pytest.mark.parametrize(
    "text",
    [
        "2,150,000,000",
        "$1234567890",
        "2 150 000 000",
        "20.673600, -103.389987",
        "C.P. 45000 45010",
        "1200 1500 20 m²",
        "2026-11-26 10:30",
        "EB-QA0001",
        "12345678901234",
    ],
)
def test_prices_places_and_times_are_no_numbers_of_people(text: str) -> None:
    assert re.search(CONTACTS, text) is None


def test_an_address_of_e_mail_is_found() -> None:
    line = "Escriba a agente12@correo.example.org."
    assert re.sub(CONTACTS, GONE, line) == f"Escriba a {GONE}."
    assert forgotten("Agente12@Correo.example.org").taken_from(line) == f"Escriba a {GONE}."


@pytest.mark.parametrize(
    "text",
    ["ANA PEÑA", "ana  pena", "Ana\nPeña", "Lic. Ana Peña, asesora", "Ana Pen\u0303a"],
)
def test_a_name_is_found_in_capitals_without_accents_and_among_others(text: str) -> None:
    assert re.search(Person.parse("Ana Peña").pattern, text)
    assert forgotten("Ana Peña").are_in(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Tomáš Dvořák", "TOMÁŠ DVOŘÁK"),
        ("Tomas Dvorak", "Tomáš Dvořák"),
        ("Jiří Novák", "Jiří Novák"),
        ("Łukasz Żak", "ŁUKASZ ŻAK"),
        ("Yūko Satō", "Yuko Sato"),
        ("Ayşe Yılmaz", "Ayşe Yılmaz"),
        ("Åsa Öberg", "åsa O\u0308berg"),
        ("Jørn Strauß", "JØRN STRAUSS"),
        ("Sofia Mississippi", "So\ufb01a Mißißippi"),
        ("Ana Peña", "\uff21\uff2e\uff21 \U0001d40f\U0001d41e\U0001d427\u0303\U0001d41a"),
        ("Ана Йорк", "АНА ЙОРК"),
        ("김민수 박지성", "김민수 박지성"),
        ("Casa ドナ", "Casa \uff84\uff9e\uff85"),
    ],
)
def test_a_name_of_another_alphabet_is_found_in_all_its_forms(name: str, text: str) -> None:
    assert re.search(Person.parse(name).pattern, f"Informes: {text}.")
    assert forgotten(name).are_in(f"Informes: {text}.")


def bare(sign: str) -> str:
    parts = unicodedata.normalize("NFKD", sign)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


SIGNS = [sign for sign in map(chr, range(0x2FA1E)) if sign.isalpha()]
LATIN = [sign for sign in SIGNS if bare(sign).isascii()]
letters = st.sampled_from(LATIN) | st.sampled_from(SIGNS)
names = st.lists(st.text(letters, min_size=2, max_size=4), min_size=2, max_size=3)
normal = [partial(unicodedata.normalize, form) for form in ("NFC", "NFD", "NFKC")]
writings = st.sampled_from([str, str.upper, str.lower, bare, *normal])


@given(words=names, write=writings, again=writings)
def test_whoever_is_kept_out_is_found_by_the_pattern_too(
    words: list[str], write: Callable[[str], str], again: Callable[[str], str]
) -> None:
    try:
        person = Person.parse(write(" ".join(words)))
    except UsageError:  # such as where one letter is written as words
        return
    kept_out = Forgotten(KEY, frozenset([digest(person.form, KEY)]))
    text = f"Informes: {again(' '.join(words))}."
    assert not kept_out.are_in(text) or re.search(person.pattern, text)


gaps = st.text(st.sampled_from(" \u00a0.-–/_,:()x$+\n\u2009"), max_size=4)


@given(
    gaps=st.lists(gaps, min_size=9, max_size=9),
    before=st.sampled_from(
        ["", "tel ", "$", "+52 ", "+521", "52-1-", "045 ", "01", "9", "+1", "7 "]
    ),
    after=st.sampled_from(["", ".", ".5", ":3 recámaras", "0", " 12", "m"]),
    wide=st.booleans(),
)
def test_a_number_is_kept_out_as_it_is_found(
    gaps: list[str], before: str, after: str, wide: bool
) -> None:
    number = "3300000001"
    shown = number.translate({ord(n): ord("０") + int(n) for n in "0123456789"}) if wide else number
    text = before + "".join(map("".join, zip(shown, [*gaps, ""], strict=True))) + after
    found = re.search(Person.parse(number).pattern, text)
    kept_out = forgotten(number)
    assert kept_out.are_in(text) == (found is not None)
    assert found is None or kept_out.taken_from(text) == text.replace(found[0], GONE, 1)


@pytest.mark.parametrize(
    ("after", "is_it"),
    [
        ("", True),
        (".", True),
        (". Informes", True),
        (".Tel 33", True),
        (".Gracias", True),
        (".mx", False),
        (".MX", False),
        (".mx.", False),
        ("-mx.org", False),
        ("s", False),
    ],
)
def test_an_address_is_no_beginning_of_another_ones(after: str, is_it: bool) -> None:
    address = "ventas12@example.com"
    text = f"Escriba a {address}{after}"
    assert forgotten(address).are_in(text) == is_it
    assert (re.search(Person.parse(address).pattern, text) is not None) == is_it


def test_a_name_of_many_ways_to_be_written_makes_no_endless_pattern() -> None:
    assert len(Person.parse(f"{'vi' * 20} {'ffi' * 10}").pattern) < 1_000_000


@pytest.mark.parametrize("text", ["Ana Peñaloza", "Susana Peña", "Ana y su hermana Peña", "Peña"])
def test_another_name_is_another_person(text: str) -> None:
    assert re.search(Person.parse("Ana Peña").pattern, text) is None
    assert not forgotten("Ana Peña").are_in(text)


def test_two_who_stand_in_one_another_leave_one_gap() -> None:
    text = forgotten("Ana Peña", "Ana Peña Ruiz").taken_from("de Ana Peña Ruiz y otros")
    assert text == f"de {GONE} y otros"


@pytest.mark.parametrize("text", ["", "Ana", "33 0000", "a@b", "uno dos tres cuatro cinco seis y"])
def test_too_little_to_tell_a_person_from_others_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="whole name"):
        Person.parse(text)


@pytest.mark.parametrize("piece", ["a@", "1", "33 ", "a.", "x", "x ", "+", "(", "52 "])
def test_looking_takes_time_that_grows_with_the_text(piece: str) -> None:
    text = piece * (50_000 // len(piece))
    began = time.process_time()
    forgotten("Ana Peña").are_in(text)
    re.search(CONTACTS, text)
    assert time.process_time() - began < 1
