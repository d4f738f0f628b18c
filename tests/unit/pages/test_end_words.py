"""Each way of saying that a listing has ended says which of its offers has."""

from __future__ import annotations

import re

import pytest

from pincali_sync.domain.prices import Operation
from pincali_sync.pages.end_words import DID, DONE, ON_OFFER, ended_in, is_on_offer_now
from pincali_sync.pages.statements import SAID

SALE, RENT = {Operation.SALE}, {Operation.RENT}
BOTH = SALE | RENT


@pytest.mark.parametrize(
    ("words", "ended"),
    [
        *((words, SALE) for words in ("sold", "vendida", "ya se vendio", "vendeu")),
        *((words, RENT) for words in ("rented", "leased", "alquilado", "locado", "ya se rento")),
        *((words, RENT) for words in ("se alquilo", "alugou", "arrendada", "se arrendo")),
        *((words, SALE) for words in ("no longer for sale", "not for sale any more")),
        *((words, SALE) for words in ("ya no esta a la venta", "nao esta mais a venda")),
        *((words, RENT) for words in ("ya no se encuentra mas en renta", "isn't for rent anymore")),
        *((words, RENT) for words in ("no esta mas en alquiler", "ja nao esta para alugar")),
        *((words, BOTH) for words in ("no longer for sale or rent", "ya no esta en venta o renta")),
        *((words, BOTH) for words in ("vendida o rentada", "ya no esta en renta o en venta")),
        *((words, set()) for words in ("no longer available", "ya no existe", "removed")),
        *((words, set()) for words in ("this rental is no longer available", "for sale")),
        ("no longer available, but see others for rent", set()),
    ],
)
def test_words_of_an_end_name_the_offer_that_ended(words: str, ended: set[Operation]) -> None:
    assert ended_in(words) == ended


def test_all_words_of_an_end_that_are_understood_name_an_offer() -> None:
    words = ["sale", "rent", "lease", "venta", "renta", "alquiler", "venda", "alugar", "aluguel"]
    offers = [f"{each} {word}" for each in ("for", "en", "a", "a la", "para") for word in words]
    said = [f"ya no esta {offer}" for offer in offers if re.fullmatch(ON_OFFER, offer)]
    stems = ["vendid", "rentad", "alquilad", "arrendad", "alugad", "locad"]
    taken = ["sold", "rented", "leased", *(f"{stem}{end}" for stem in stems for end in "oa")]
    said += [f"fue {word}" for word in taken if re.fullmatch(DONE, word)]
    verbs = ["vendio", "vendeu", "rento", "alquilo", "arrendo", "alugou"]
    said += [f"ya se {verb}" for verb in verbs if re.fullmatch(DID, verb)]
    assert len(said) == len(offers) + len(taken) + len(verbs)
    for words_of_one in said:
        assert re.fullmatch(SAID, words_of_one), words_of_one
        assert len(ended_in(words_of_one)) == 1, words_of_one


def test_only_what_is_told_after_something_else_and_of_now_is_on_offer_now() -> None:
    assert is_on_offer_now("rentada, pero sigue en venta")
    for words in ("ya no sigue en venta", "sold. similar homes are now for sale", "now for sale"):
        assert not is_on_offer_now(words)
