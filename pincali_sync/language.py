"""The language of what people read: English, or the Spanish of Mexico out of a catalogue.

The English text is the key of its translation. `_` translates where a text is shown; in a table
that is made at import, `N_` marks a text for the catalogue, and whoever shows it calls `_`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Any

ENGLISH, SPANISH = "en", "es-MX"
CATALOGUE = "locale/es_MX/LC_MESSAGES/pincali_sync.po"

_BY_PREFIX = {"en": ENGLISH, "es": SPANISH}
_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set counts
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def known(name: str) -> str | None:
    """Which of the two a name such as "es-419" or "es_MX.UTF-8" means; None: neither."""
    return _BY_PREFIX.get(re.split(r"[-_.@]", name.strip().lower(), maxsplit=1)[0])


def named(value: Any) -> Any:
    """The language that a variable's value means; else the value, for it to be refused."""
    return known(value) or value if isinstance(value, str) else value


def of_locale(environment: Mapping[str, str]) -> str:
    """The language of a process by its locale, as POSIX has it; English where it is neither."""
    named = next((environment[name] for name in _LOCALE_VARIABLES if environment.get(name)), "")
    return known(named) or ENGLISH


def accepted(header: str) -> str | None:
    """What a browser's `Accept-Language` likes best of the two; None: neither."""
    liked: list[tuple[float, str]] = []
    for each in header.split(","):
        name, _, quality = each.partition(";")
        weight = re.fullmatch(r"\s*q=([01](?:\.[0-9]{0,3})?)\s*", quality or "q=1")
        if weight and float(weight[1]) and (language := known(name)):
            liked.append((float(weight[1]), language))
    return max(liked, key=lambda each: each[0], default=(0.0, None))[1]


def current() -> str:
    """The language that is spoken now."""
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speaks a language until the end of the block, in this task and those it starts."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def _(message: str, **values: object) -> str:
    """The text in the language spoken, with `%(name)s` replaced by the values, if there are any."""
    text = translated(message)
    return text % values if values else text


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Like `_`, by how many there are; `%(num)s` is the count, as "1,204"."""
    return plural(one, many, count) % {"num": f"{count:,}", **values}


def N_(message: str) -> str:  # noqa: N802 - the name that extraction knows
    """The text as it is: it is translated where it is shown."""
    return message


def translated(message: str) -> str:
    """The text in the language spoken, its placeholders as they are."""
    return _catalogue(_spoken.get()).gettext(message) if message else ""


def plural(one: str, many: str, count: int) -> str:
    """Like `translated`, by how many there are."""
    return _catalogue(_spoken.get()).ngettext(one, many, count)


@cache
def _catalogue(language: str) -> NullTranslations:
    """What is not in it stays English."""
    if language == ENGLISH:
        return NullTranslations()
    # Only who reads Spanish waits for these.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    source = files("pincali_sync").joinpath(CATALOGUE).read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source)))
    compiled.seek(0)
    return GNUTranslations(compiled)
