"""Webhooks: whom they go to, how a message is signed, how long a target that fails is left alone.

Signatures are those of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 of "id.time.body".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from pincali_sync.config import Config, is_loopback
from pincali_sync.domain.limits import is_public
from pincali_sync.webhook_forms import key_of, webhooks_in

MAX_CHANGES = 100  # of one message
MAX_BYTES = 256 * 1024  # of its changes; a single one may be larger
_FIRST_REST = timedelta(seconds=30)
_LONGEST_OWN_REST = timedelta(hours=6)
LONGEST_REST = timedelta(days=1)  # that a target may ask for itself
_DOUBLINGS = 10  # after which the rest is the longest in any case


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """An entry of `WEBHOOK_URLS`."""

    place: int  # among them, from 1 on
    url: str  # with what is secret in it: never shown

    @property
    def key(self) -> str:
        """What the database knows it by: the URL stays out of it."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]

    @property
    def label(self) -> str:
        """What figures and log lines call it."""
        return f"{self.place}:{urlsplit(self.url).netloc}"

    @property
    def shown(self) -> str:
        """What may be shown of it: paths and queries hold tokens."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/…"

    def objection_to_address(self, host: str, address: str) -> str | None:
        """Why a host is not connected to at the address that its name led to.

        Another name than the URL's is an operator's proxy, which may be anywhere; an address that
        the URL itself names is meant.
        """
        named = (urlsplit(self.url).hostname or "").removesuffix(".")
        if host.lower().removesuffix(".") != named or address == named:
            return None
        if is_loopback(self.url):
            return None if ip_address(address).is_loopback else f"its name leads to {address}"
        return None if is_public(address) else f"its name leads to {address}, which is not public"


def targets_of(config: Config) -> tuple[WebhookTarget, ...]:
    """The configured targets, in their order."""
    urls = webhooks_in(config.webhook_urls.get_secret_value()) if config.webhook_urls else ()
    return tuple(WebhookTarget(place=place, url=url) for place, url in enumerate(urls, 1))


def signed_headers(
    config: Config, message_id: str, body: bytes, now: datetime
) -> Mapping[str, str]:
    """The headers by which a target knows that the message is ours, and not an old one.

    While the secret is changed there are two signatures, of which any proves it.
    """
    secrets = config.webhook_secret.get_secret_value().split() if config.webhook_secret else ()
    time = str(int(now.timestamp()))
    content = b".".join((message_id.encode(), time.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": time,
        "webhook-signature": " ".join(_signature(each, content) for each in secrets),
    }


def rest_after(failures: int, asked_for: timedelta | None = None) -> timedelta:
    """How long a target is left alone after so many failures in a row, at least as it asks for."""
    rest = min(_FIRST_REST * (1 << min(failures - 1, _DOUBLINGS)), _LONGEST_OWN_REST)
    return max(rest, min(asked_for or rest, LONGEST_REST))


def _signature(secret: str, content: bytes) -> str:
    key = key_of(secret)
    assert key is not None, "config lets no other in"
    return f"v1,{base64.b64encode(hmac.digest(key, content, 'sha256')).decode()}"
