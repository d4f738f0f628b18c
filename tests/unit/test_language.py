"""What people read is in their language: whose that is, and that the catalogue lacks nothing."""

from __future__ import annotations

import re
import runpy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message

from pincali_sync import language
from pincali_sync.config import load_config
from pincali_sync.exceptions import ConfigError
from pincali_sync.language import ENGLISH, SPANISH, _, ngettext
from tests.support.cli import say

ROOT = Path(__file__).parents[2]
# What a translation must leave as it is: placeholders, tags, commands and files, variables.
_KEPT = re.compile(
    r"%\(\w+\)[sdg]|\{\w+\}|%%|</?\w+>|`[^`]+`|<code>.*?</code>|\b[A-Z]+(?:_[A-Z]+)+\b"
)


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({}, ENGLISH),
        ({"LANG": "es_MX.UTF-8"}, SPANISH),
        ({"LANG": "es_MX.UTF-8", "LC_ALL": "C"}, ENGLISH),
        ({"LANG": "C", "LC_MESSAGES": "es"}, SPANISH),
        ({"LANG": "es", "LC_ALL": ""}, SPANISH),
        ({"LANG": "fr_FR"}, ENGLISH),
    ],
)
def test_a_process_speaks_the_language_of_its_locale(
    environment: dict[str, str], spoken: str
) -> None:
    assert language.of_locale(environment) == spoken


@pytest.mark.parametrize(
    ("header", "spoken"),
    [
        ("", None),
        ("fr,de;q=0.5", None),
        ("es-419,es;q=0.9,en;q=0.8", SPANISH),
        ("en-US,en;q=0.9,es;q=0.8", ENGLISH),
        ("fr;q=0.9, en;q=0.3, es-MX;q=0.4", SPANISH),
        ("es;q=0, en;q=0.1", ENGLISH),
        ("es;q=many, *", None),
        ("," * 5_000, None),
    ],
)
def test_a_browser_is_answered_in_what_it_likes_best(header: str, spoken: str | None) -> None:
    assert language.accepted(header) == spoken


def test_a_variable_names_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_config().display_language is None
    for given, spoken in (("es-MX", SPANISH), ("es_MX.UTF-8", SPANISH), ("EN", ENGLISH)):
        monkeypatch.setenv("DISPLAY_LANGUAGE", given)
        assert load_config().display_language == spoken
    monkeypatch.setenv("DISPLAY_LANGUAGE", "klingon")
    with pytest.raises(ConfigError, match=r"DISPLAY_LANGUAGE: .*accepts: en or es-MX"):
        load_config()


def test_a_text_is_translated_where_it_is_shown() -> None:
    assert _("Runs") == "Runs"
    with language.speaking(SPANISH):
        assert _("Runs") == "Corridas"
        assert _("100 %% of %(name)s", name="x") == "100 % of x"  # what nobody translated
    assert _("Runs") == "Runs"
    assert ngettext("%(num)s page", "%(num)s pages", 1) == "1 page"
    assert ngettext("%(num)s page", "%(num)s pages", 12_345) == "12,345 pages"


def test_help_is_in_the_language_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANG", "es_MX.UTF-8")
    status, out, _err = say(capsys, "history", "-h")
    assert status == 0
    assert out.startswith("Uso: ")
    assert " history [OPCIONES] [RUN]\n" in out
    assert re.search(r"--limit .* Cuántos como máximo\.  \[si no se indica: 20", out)
    assert "Muestra esta ayuda y termina." in out
    monkeypatch.setenv("DISPLAY_LANGUAGE", "en")
    assert "Show this message and exit." in say(capsys, "history", "-h")[1]


# --- the catalogue --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "translations.py"))


def test_the_catalogue_has_every_text_of_the_code_and_no_other(script: dict[str, Any]) -> None:
    wanted = {each.id for each in script["extracted"]() if each.id}
    assert len(wanted) > 30
    assert {each.id for each in script["stored"]() if each.id} == wanted, "make translations"


def test_every_text_is_translated_with_all_that_it_holds(script: dict[str, Any]) -> None:
    faults = {
        str(each.id): fault
        for each in script["stored"]()
        if each.id and (fault := _fault_of(each)) is not None
    }
    assert faults == {}


def _fault_of(message: Message) -> str | None:
    said, translated = _forms(message.id), _forms(message.string)
    if message.fuzzy or len(translated) != len(said) or not all(translated):
        return "not translated"
    for one, other in zip(said, translated, strict=True):
        if sorted(_KEPT.findall(one)) != sorted(_KEPT.findall(other)):
            return f"holds something else: {other}"
        if one != one.strip() or _columns(one) != _columns(other):
            return "is glued to something, or has other columns"
    return None


def _forms(text: str | Sequence[str] | None) -> Sequence[str]:
    return (text or "",) if isinstance(text, str | None) else text


def _columns(text: str) -> list[bool]:
    """Of headings and lists in one text: which are of numbers."""
    return [each.startswith("#") for each in text.split(" | ")]
