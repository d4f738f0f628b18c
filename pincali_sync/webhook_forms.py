"""The variables of webhooks. Neither is quoted where it is refused."""

from __future__ import annotations

import re
from base64 import b64decode

from pincali_sync.url_forms import OPEN_URL, fits

_KEY_BYTES = range(24, 65)  # as Standard Webhooks has it
_PREFIX = "whsec_"
_ON_LOOPBACK = re.compile(r"http://(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?:[:/?].*)?")


def webhooks_in(text: str) -> tuple[str, ...]:
    """The URLs of a list with spaces or commas."""
    return tuple(filter(None, re.split(r"[\s,]+", text)))


def are_webhooks(text: str) -> str:
    """Raises: ValueError: for an entry that others could read on the way, or that comes twice."""
    urls = webhooks_in(text)
    for place, url in enumerate(urls, 1):
        is_private = url.startswith("https://") or _ON_LOOPBACK.fullmatch(url)
        if not fits(OPEN_URL, url) or not is_private:
            raise ValueError(f"entry {place} is no https URL without user and password")
    if len({*urls}) < len(urls):
        raise ValueError("an entry stands there twice")
    return text


def are_webhook_secrets(text: str) -> str:
    """Raises: ValueError: where one is no key of 24 to 64 bytes, as Standard Webhooks writes it."""
    if not all(len(key_of(secret) or b"") in _KEY_BYTES for secret in text.split()):
        raise ValueError(f"is not {_PREFIX} and 24 to 64 bytes in base64")
    return text


def key_of(secret: str) -> bytes | None:
    """The key that a secret stands for; None where it is none."""
    try:
        return b64decode(secret.removeprefix(_PREFIX), validate=True) if _PREFIX in secret else None
    except ValueError:
        return None
