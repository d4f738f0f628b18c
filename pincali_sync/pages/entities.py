"""Entities of HTML, as the signs that they mean."""

from __future__ import annotations

import html
import re

# Python refuses to read such a number; there is no sign of it.
_NO_SIGN = re.compile("&#[0-9]{40}[0-9]*+;?")


def unescaped(text: str) -> str:
    """A text with its entities as signs, whatever they are."""
    return html.unescape(_NO_SIGN.sub("\ufffd", text) if "&#" in text else text)
