"""Who is named in a text, however it is written."""

from __future__ import annotations

import re
import time

import pytest

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
