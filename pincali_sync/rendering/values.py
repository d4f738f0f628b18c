"""How values of the tables are worded: offers as prices, lists as their parts, flags."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from pincali_sync.domain.names import words
from pincali_sync.language import _, ngettext
from pincali_sync.rendering.formats import money
from pincali_sync.services.insights_service import Dossier


def told(value: object) -> object:
    """A value of the journal for people: offers as prices, lists as their parts, group by group."""
    if isinstance(value, dict) and value and all(map(_is_words, value.values())):
        return "; ".join(f"{group}: {', '.join(each)}" for group, each in value.items())
    if not isinstance(value, list) or not value:
        return value
    if all(isinstance(each, dict) and "operation" in each for each in value):
        return "; ".join(map(_offer, value))
    if _is_words(value):
        urls = sum(web_url(each) is not None for each in value)
        is_urls = urls == len(value)
        return (
            ngettext("%(num)s address", "%(num)s addresses", urls) if is_urls else ", ".join(value)
        )
    return value


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _offer(offer: Mapping[str, Any]) -> str:
    amount = offer.get("amount")
    try:
        price = (
            _("on request") if amount is None else money(Decimal(str(amount)), offer["currency"])
        )
    except (ArithmeticError, KeyError):
        price = str(amount)
    unit = f" {_('per m²')}" if offer.get("per_m2") else ""
    return f"{words(offer['operation'])} {price}{unit}"


def web_url(url: str | None) -> str | None:
    """The URL if it may be a link: http or https with a host; else None."""
    try:
        parts = urlsplit(url or "")
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    return url if is_web else None


def why_flagged(dossier: Dossier) -> str | None:
    """What a live row is flagged for; None if it is not."""
    if dossier.live is None or dossier.live["verification_status"] != "flagged":
        return None
    reasons = [_("it breaks the rule %(rule)s", rule=each) for each in dossier.broken_rules]
    if any(review.status == "open" for review in dossier.reviews):
        reasons.append(_("its price is unusual, and waits for a person"))
    named = ", ".join(reasons) or _("its last page broke a rule that it would meet now")
    return _("flagged: %(reasons)s", reasons=named)
