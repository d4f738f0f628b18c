"""What a wall gives people to do, told from the scripts that merely watch ordinary pages."""

from __future__ import annotations

import re

from pincali_sync.pages.walls import WATCHERS

_NO_MARKUP = re.compile(r"<(script|style|template)\b.*?(?:</\1\b|\Z)|<!--.*?(?:-->|\Z)", re.S)
# A box to tick. A button or a field of that class belongs to a form that is checked unseen.
_BOX = re.compile(
    r"<(?:altcha-widget\b|(?!button\b|input\b|textarea\b)[a-z][\w-]{0,30}\s[^<>]{0,500}?"
    r"""\bclass\s{0,9}=\s{0,9}["']?(?:[^"'<>]{0,200}\s)?"""
    r"(?:cf-turnstile|g-recaptcha|h-captcha|frc-captcha|mtcaptcha)(?![\w-]))[^<>]*+"
)
_IFRAME = re.compile(
    r"""<iframe\b[^<>]{0,1000}?\bsrc\s{0,9}=\s{0,9}["']?([^"'<>\s]{1,2000})[^<>]*+"""
)
_HIDDEN = re.compile(
    r"\binvisible\b|\bdisplay\s{0,9}:\s{0,9}none\b|\bvisibility\s{0,9}:\s{0,9}hidden\b|"
    r"""\shidden(?=[\s=/]|\Z)|\b(?:width|height)\s{0,9}=\s{0,9}["']?[01](?:px)?(?!\w)"""
)
# A box is a task only where it can be done: with its key, a form to send, or words that ask for it.
_KEY = "sitekey"
_ASKS = re.compile(
    r"\b(?:verif\w+|complet\w+|confirm\w*|continu\w+|resuelv\w+|resolv\w+|solve|prossig\w+|"
    r"marc(?:a|ar|ue)|marque|tick|check the)\b"
)


def sets_a_task(body: str, text: str) -> bool:
    """Whether a page has a task for people to see and do, or reloads itself when one is done.

    Args:
        body: the markup, in lower case.
        text: what people read of it, folded.
    """
    if "checkforcerefresh" in body:  # AWS: only the page in front of a site does so
        return True
    shown = _NO_MARKUP.sub(" ", body)
    is_asked = _KEY in body or _ASKS.search(text) is not None
    return _has_an_iframe(shown) or _has_a_box(shown if is_asked else _forms_of(shown))


def _forms_of(shown: str) -> str:
    return " ".join(each.partition("</form")[0] for each in shown.split("<form")[1:])


def _has_a_box(shown: str) -> bool:
    return any(not _HIDDEN.search(box[0]) for box in _BOX.finditer(shown))


def _has_an_iframe(shown: str) -> bool:
    return any(
        any(mark in iframe[1] for mark in WATCHERS) and not _HIDDEN.search(iframe[0])
        for iframe in _IFRAME.finditer(shown)
    )
