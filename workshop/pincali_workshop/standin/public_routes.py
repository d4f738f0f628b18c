"""The pages that a visitor of the site sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.assets import asset_response, tiny_image
from pincali_workshop.standin.options import RemovalMode, UnknownMode
from pincali_workshop.standin.pages.language import LANGUAGES, Language
from pincali_workshop.standin.pages.plain_pages import (
    home_page,
    not_found_page,
    rejected_page,
    soft_gone_page,
    sold_page,
)
from pincali_workshop.standin.pages.wording import path_of
from pincali_workshop.standin.search import Search
from pincali_workshop.standin.site import Site
from pincali_workshop.standin.sitemap import SHARDS_PATH
from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.names import FormerSlug
from pincali_workshop.standin.world.population import Holder
from pincali_workshop.standin.world.state import ListingState

Endpoint = Callable[[Request], Awaitable[Response]]

_WITH_PLACES = (ListingSource.SALE, ListingSource.RENT, ListingSource.FORECLOSURE)


def public_routes(site: Site) -> list[Route]:
    """All routes of the site itself."""
    return [
        *(Route(source.path, _search(site, source)) for source in ListingSource),
        *(Route(f"{source.path}-in-{{place}}", _search(site, source)) for source in _WITH_PLACES),
        *(Route(f"{language.prefix}{{slug}}", _detail(site, language)) for language in LANGUAGES),
        Route("/home/{slug}/messages", _message, methods=["POST"]),
        Route("/robots.txt", _robots(site)),
        Route("/sitemap.xml", _sitemap_index(site)),
        Route(f"{SHARDS_PATH}{{name}}", _sitemap_shard(site)),
        Route("/", _home),
        Route("/en", _home),
        Route("/property_images/{path:path}", tiny_image),
        Route("/maps/embed/v1/place", _map),
        Route("/assets/{name}", asset_response),
    ]


def base_url_of(request: Request) -> str:
    """The scheme and host that the client calls us by."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def not_found(request: Request, _: Exception | None = None) -> Response:
    """The answer to a URL that never existed."""
    return HTMLResponse(not_found_page(base_url_of(request)), status_code=404)


def _search(site: Site, source: ListingSource) -> Endpoint:
    async def search(request: Request) -> Response:
        parameters = dict(request.query_params)
        number = parameters.pop("page", "1")
        search = Search.parse(
            source, request.path_params.get("place"), parameters, site.options.habits
        )
        if search is None or not number.isdecimal():
            return await not_found(request)
        results = site.search(search, int(number), request.url.path, urlencode(parameters))
        if results is None:
            return await not_found(request)
        renderer = site.renderer(base_url_of(request))
        return HTMLResponse(renderer.listing_page(results.slot, results.states))

    return search


def _detail(site: Site, language: Language) -> Endpoint:
    async def detail(request: Request) -> Response:
        now = site.clock.now()
        holder = site.find(request.path_params["slug"].lower(), now)
        if holder is None:
            return _absent(site.unknown_mode, language, base_url_of(request))
        state = holder.state
        if (moved := _moved(request, holder, language)) is not None:
            return moved
        if not state.active:
            return _removed(request, site, state, language)
        return _page(request, site, state, language)

    return detail


def _page(
    request: Request, site: Site, state: ListingState, language: Language, *, is_sold: bool = False
) -> Response:
    renderer, active = site.renderer(base_url_of(request)), site.board().active
    page = renderer.detail_page(state, active, language, site.clock.now(), is_sold=is_sold)
    return HTMLResponse(page)


def _moved(request: Request, holder: Holder, language: Language) -> Response | None:
    """What a slug answers that its listing has no more; None: the page all the same."""
    if not holder.is_former:
        return None
    match holder.state.listing.names.former:
        case FormerSlug.REDIRECT:
            return RedirectResponse(path_of(holder.state, language), status_code=301)
        case FormerSlug.NOT_FOUND:
            return HTMLResponse(not_found_page(base_url_of(request)), status_code=404)
        case FormerSlug.PAGE:
            return None


def _removed(request: Request, site: Site, state: ListingState, language: Language) -> Response:
    mode, base_url = site.removal_mode(state.listing.public_id), base_url_of(request)
    match mode:
        case RemovalMode.REPURPOSED:
            return _page(request, site, _another_listing(site, state), language)
        case RemovalMode.SOLD:
            return HTMLResponse(sold_page(language, base_url))
        case RemovalMode.SOLD_BANNER | RemovalMode.UNLISTED:
            is_sold = mode is RemovalMode.SOLD_BANNER
            return _page(request, site, state, language, is_sold=is_sold)
        case _:
            return _absent(mode, language, base_url)


def _absent(mode: RemovalMode | UnknownMode, language: Language, base_url: str) -> Response:
    """What is answered where there is nothing, or nothing any more."""
    match mode.value:
        case "404" | "410":
            return HTMLResponse(not_found_page(base_url), int(mode))
        case "422":
            return HTMLResponse(rejected_page(base_url), 422)
        case "redirect":
            return RedirectResponse(ListingSource.SALE.path, 301)
        case "home":
            return RedirectResponse("/en", 302)
        case _:
            return HTMLResponse(soft_gone_page(language, base_url))


def _another_listing(site: Site, state: ListingState) -> ListingState:
    """Whom the slug was given to: to each somebody else."""
    active = site.board().active
    return active[Draws("given to", state.listing.numeric_id).integer(0, len(active) - 1)]


async def _message(_: Request) -> Response:
    """The request log counts it as a lead; the sender is told what the real site would say."""
    return PlainTextResponse("Mensaje enviado")


def _robots(site: Site) -> Endpoint:
    async def robots(request: Request) -> Response:
        delay = site.options.crawl_delay
        lines = [
            "User-agent: *",
            *([f"Crawl-delay: {delay:g}"] if delay else []),
            f"Sitemap: {base_url_of(request)}/sitemap.xml",
            "",
        ]
        return PlainTextResponse("\n".join(lines))

    return robots


def _sitemap_index(site: Site) -> Endpoint:
    async def index(request: Request) -> Response:
        body = site.sitemap.index(site.clock.now(), base_url_of(request))
        return Response(body, media_type="application/xml")

    return index


def _sitemap_shard(site: Site) -> Endpoint:
    async def shard(request: Request) -> Response:
        shards = site.sitemap.shards(site.clock.now(), base_url_of(request))
        found = shards.get(request.path_params["name"])
        if found is None:
            return await not_found(request)
        headers = {"ETag": found.etag, "Last-Modified": found.last_modified}
        kind = "application/gzip" if found.name.endswith(".gz") else "application/xml"
        if request.headers.get("if-none-match") == found.etag:
            return Response(status_code=304, headers=headers)
        return Response(found.body, headers=headers, media_type=kind)

    return shard


async def _home(request: Request) -> Response:
    return HTMLResponse(home_page(base_url_of(request)))


async def _map(_: Request) -> Response:
    return HTMLResponse("<!DOCTYPE html><title>Map</title><p>Map</p>")
