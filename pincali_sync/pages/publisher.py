"""Who publishes a listing, as far as the page shows it to anyone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from pincali_sync.pages.text import one_line, text_of

_MAX_NAME = 255  # varchar(255)
_MAX_PHONE = 50  # varchar(50)
_PUBLISHED_BY = re.compile(r"^\s*(?:published by|publicado por)\s+", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    agent_name: str | None
    agency_name: str | None
    phone: str | None


def publisher_of(tree: LexborHTMLParser) -> Publisher:
    """Reads the first publisher block: the page repeats it for small screens."""
    name = _first_text(
        tree,
        ".listing__sidebar .publisher-name",
        ".publisher-name",
        ".publisher-summary-agent .name",
    )
    agency = _first_text(
        tree,
        ".listing__sidebar .publisher-organization-name",
        ".publisher-organization-name",
        ".publisher-summary-agent .organization",
    )
    return Publisher(
        agent_name=one_line(_PUBLISHED_BY.sub("", name or ""), _MAX_NAME),
        agency_name=one_line(agency, _MAX_NAME),
        phone=_phone(tree),
    )


def _first_text(tree: LexborHTMLParser, *selectors: str) -> str | None:
    return next(filter(None, (text_of(tree.css_first(each)) for each in selectors)), None)


def _phone(tree: LexborHTMLParser) -> str | None:
    """The first number only: two glued together are none."""
    link = tree.css_first('.publisher-phones a[href^="tel:"]')
    href = link.attributes.get("href") if link else None
    return one_line(unquote((href or "").removeprefix("tel:")), _MAX_PHONE)
