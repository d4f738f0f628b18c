"""Which newcomer comes under a slug that another listing had."""

from __future__ import annotations

from collections.abc import Sequence

from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.life import Origin, life_of
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.removal import RemovalMode, way_of

_RENAMED = 0.4  # of takeovers: the other one is still there, under a new slug


def left_slug_for(
    origin: Origin, index: int, listings: Sequence[Listing], taken: set[str]
) -> str | None:
    """The slug that this newcomer takes over; None for nearly all.

    Args:
        listings: all that were born before.
        taken: slugs that had two owners already.
    """
    if index < origin.size:
        return None
    draws = Draws(origin.seed, index, "takeover")
    if not draws.chance(origin.traps.takeovers):
        return None
    birth, wants_renamed = life_of(origin, index).birth, draws.chance(_RENAMED)
    start = draws.integer(0, len(listings) - 1)
    candidates = (
        _renamed_slug(each, birth) if wants_renamed else _removed_slug(origin, each, birth)
        for each in [*listings[start:], *listings[:start]]
    )
    return next((slug for slug in candidates if slug is not None and slug not in taken), None)


def _removed_slug(origin: Origin, listing: Listing, birth: int) -> str | None:
    """The slug of a listing that has left for good by then, and whose page has too."""
    is_gone = origin.start < listing.life.spells[-1][1] <= birth
    if not is_gone or way_of(origin.seed, listing.public_id) is RemovalMode.UNLISTED:
        return None
    return listing.names.all[-1].slug


def _renamed_slug(listing: Listing, birth: int) -> str | None:
    """The first slug of a listing that will never come back to it."""
    first, *later = listing.names.all
    is_left = bool(later) and max(later[0].shown_from, later[0].listed_from) <= birth
    return first.slug if is_left and all(name.slug != first.slug for name in later) else None
