"""Small helpers for writing HTML."""

from __future__ import annotations

import json
from decimal import Decimal
from html import escape


def icon(name: str, style: str = "fal") -> str:
    """A Font Awesome icon as the site writes it."""
    return f'<i class="{style} {name}" aria-hidden="true"></i>'


def json_attribute(value: object) -> str:
    """A value as JSON, escaped for a double-quoted attribute."""
    return escape(json.dumps(value, ensure_ascii=False))


def json_script(value: object) -> str:
    """A JSON-LD script; a `<` inside must not end it."""
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>\n'


def grouped(number: Decimal | int) -> str:
    """1225.25 as "1,225.25"; 8800 as "8,800"."""
    return f"{number:,}"
