"""What the URL of a listing's page answers: the page, another place, or that nothing is there."""

from __future__ import annotations

from dataclasses import dataclass

from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.options import RemovalMode, UnknownMode
from pincali_workshop.standin.pages.language import Language
from pincali_workshop.standin.pages.plain_pages import (
    not_found_page,
    rejected_page,
    soft_gone_page,
    sold_page,
)
from pincali_workshop.standin.pages.wording import path_of
from pincali_workshop.standin.site import Site
from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.names import FormerSlug
from pincali_workshop.standin.world.population import Holder
from pincali_workshop.standin.world.state import ListingState


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A listing's page, perhaps with a banner that says that it was sold."""

    state: ListingState
    is_sold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Led:
    """A redirect."""

    status: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A page that shows no listing."""

    status: int
    page: bytes


DetailAnswer = Shown | Led | Told


def detail_answer(site: Site, slug: str, language: Language, base_url: str) -> DetailAnswer:
    """The answer now."""
    holder = site.find(slug.lower(), site.clock.now())
    if holder is None:
        return _absent(site.unknown_mode, language, base_url)
    if (moved := _moved(holder, language, base_url)) is not None:
        return moved
    if holder.state.active:
        return Shown(state=holder.state)
    return _removed(site, holder.state, language, base_url)


def _moved(holder: Holder, language: Language, base_url: str) -> DetailAnswer | None:
    """What a slug answers that its listing has no more; None: the page all the same."""
    if not holder.is_former:
        return None
    match holder.state.listing.names.former:
        case FormerSlug.REDIRECT:
            return Led(status=301, path=path_of(holder.state, language))
        case FormerSlug.NOT_FOUND:
            return Told(status=404, page=not_found_page(base_url))
        case FormerSlug.PAGE:
            return None


def _removed(site: Site, state: ListingState, language: Language, base_url: str) -> DetailAnswer:
    mode = site.removal_mode(state.listing.public_id)
    match mode:
        case RemovalMode.REPURPOSED:
            return Shown(state=_another_listing(site, state))
        case RemovalMode.SOLD:
            return Told(status=200, page=sold_page(language, base_url))
        case RemovalMode.SOLD_BANNER | RemovalMode.UNLISTED:
            return Shown(state=state, is_sold=mode is RemovalMode.SOLD_BANNER)
        case _:
            return _absent(mode, language, base_url)


def _absent(mode: RemovalMode | UnknownMode, language: Language, base_url: str) -> DetailAnswer:
    """What is answered where there is nothing, or nothing any more."""
    match mode.value:
        case "404" | "410":
            return Told(status=int(mode), page=not_found_page(base_url))
        case "422":
            return Told(status=422, page=rejected_page(base_url))
        case "redirect":
            return Led(status=301, path=ListingSource.SALE.path)
        case "home":
            return Led(status=302, path="/en")
        case _:
            return Told(status=200, page=soft_gone_page(language, base_url))


def _another_listing(site: Site, state: ListingState) -> ListingState:
    """Whom the slug was given to: to each somebody else."""
    active = site.board().active
    return active[Draws("given to", state.listing.numeric_id).integer(0, len(active) - 1)]
