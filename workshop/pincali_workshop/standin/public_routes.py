"""The pages that a visitor of the site sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.assets import asset_response, tiny_image
from pincali_workshop.standin.detail_answer import Led, Shown, Told, detail_answer
from pincali_workshop.standin.pages.language import LANGUAGES, Language
from pincali_workshop.standin.pages.plain_pages import home_page, not_found_page
from pincali_workshop.standin.search import Search
from pincali_workshop.standin.site import Site
from pincali_workshop.standin.sitemap import SHARDS_PATH

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
        base_url = base_url_of(request)
        match detail_answer(site, request.path_params["slug"], language, base_url):
            case Shown(state=state, is_sold=is_sold):
                active, now = site.board().active, site.clock.now()
                page = site.renderer(base_url).detail_page(
                    state, active, language, now, is_sold=is_sold
                )
                return HTMLResponse(page)
            case Led(status=status, path=path):
                return RedirectResponse(path, status_code=status)
            case Told(status=status, page=page):
                return HTMLResponse(page, status_code=status)

    return detail


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
