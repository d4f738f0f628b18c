"""What pages, reports and charts are rendered with: formats, escaping templates, a stylesheet.

A value that is not there is a dash. Texts in templates are translated as `language` has it; a
percent sign in one of them is doubled.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pincali_sync import language
from pincali_sync.language import _
from pincali_sync.moments import NOTHING, instant, local_day

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def number(value: float | Decimal | None) -> str:
    """1234 as "1,234", 0.25 as "0.25"; at most two decimals."""
    if value is None:
        return NOTHING
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def share(value: float | Decimal | None) -> str:
    """0.123 as "12.3 %"."""
    return NOTHING if value is None else f"{value * 100:,.1f} %"


def duration(seconds: float | None) -> str:
    """11520 as "3 h 12 min": the largest unit and the next, whole."""
    if seconds is None:
        return NOTHING
    rest = max(int(seconds), 0)
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS:
        whole, rest = divmod(rest, size)
        if whole or parts:
            parts.append((whole, unit))
    return " ".join(f"{whole} {unit}" for whole, unit in parts[:2] if whole) or "0 s"


def age(at: datetime | None, now: datetime) -> str:
    """How long ago: "2 h 5 min ago"; "in 1 h 53 min" for what is to come."""
    if at is None:
        return NOTHING
    seconds = (now - at).total_seconds()
    if abs(seconds) < 60:
        return _("just now")
    apart = duration(abs(seconds) // 60 * 60)
    return _("%(time)s ago", time=apart) if seconds > 0 else _("in %(time)s", time=apart)


def money(amount: float | Decimal | None, currency: str | None) -> str:
    """1250000 and MXN as "1,250,000 MXN"; cents only where there are some."""
    if amount is None:
        return NOTHING
    text = f"{amount:,.2f}".removesuffix(".00")
    return f"{text} {currency}" if currency else text


def environment(package: str, *functions: Callable[..., Any]) -> Environment:
    """Templates from the package's folder `templates`, with the formats as filters.

    Everything is escaped, whatever a template's file is called; a missing name is an error.

    Args:
        functions: may be called in them by their names.
    """
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # of the extension
        language.translated, language.plural, newstyle=True
    )
    environment.globals["language"] = language.current
    filters = (number, share, duration, age, instant, local_day, money)
    environment.filters.update({each.__name__: each for each in filters})
    environment.globals.update({each.__name__: each for each in functions})
    return environment


def stylesheet(package: str = "pincali_sync.rendering") -> str:
    """The text of the package's `style.css`; without a package, of what all share."""
    return resources.files(package).joinpath("style.css").read_text("utf-8")
