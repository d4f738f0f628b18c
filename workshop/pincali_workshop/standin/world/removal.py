"""What becomes of a removed listing's page."""

from __future__ import annotations

from enum import StrEnum

from pincali_workshop.standin.world.draws import Draws


class RemovalMode(StrEnum):
    """What the page of a removed listing answers."""

    NOT_FOUND = "404"
    GONE = "410"
    UNPROCESSABLE = "422"
    REDIRECT = "redirect"  # 301 to the search
    HOME = "home"  # 302 to the front page
    SOFT_GONE = "soft_gone"  # 200, with a sentence saying so
    SOLD = "sold"  # 200, with a sentence saying that it was sold or rented
    SOLD_BANNER = "sold_banner"  # 200: the listing's page, with a banner and `SoldOut` in its data
    REPURPOSED = "repurposed"  # 200: the slug shows another listing
    UNLISTED = "unlisted"  # 200: its page stays as it was, and nothing links to it any more
    MIXED = "mixed"  # each listing in a way of its own


class UnknownMode(StrEnum):
    """What a URL that never existed answers."""

    NOT_FOUND = "404"
    UNPROCESSABLE = "422"
    REDIRECT = "redirect"
    HOME = "home"
    SOFT_GONE = "soft_gone"


_WAYS = (
    (RemovalMode.NOT_FOUND, 0.28),
    (RemovalMode.GONE, 0.1),
    (RemovalMode.UNPROCESSABLE, 0.08),
    (RemovalMode.REDIRECT, 0.14),
    (RemovalMode.HOME, 0.08),
    (RemovalMode.SOFT_GONE, 0.1),
    (RemovalMode.SOLD, 0.05),
    (RemovalMode.SOLD_BANNER, 0.1),
    (RemovalMode.REPURPOSED, 0.02),
    (RemovalMode.UNLISTED, 0.05),
)


def way_of(seed: int, public_id: str) -> RemovalMode:
    """How this listing leaves where each leaves in a way of its own."""
    return Draws(seed, public_id, "gone").weighted(_WAYS)
