"""`/listings`: the live table to be looked through, on a map as well, and taken along."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pincali_sync.db.repositories.export.exports import ExportFormat, Wanted
from pincali_sync.db.repositories.listings.browsing import LOOKED_AT, MOST_COUNTED, ListingPage
from pincali_sync.db.repositories.listings.places import Point
from pincali_sync.domain.listing_filter import (
    FILTER_NAMES,
    ListingFilter,
    ListingOrder,
    parse_filter,
    parse_order,
    with_moments_of,
)
from pincali_sync.domain.listing_status import PRESENT
from pincali_sync.exceptions import UsageError
from pincali_sync.language import _
from pincali_sync.moments import shown_zone
from pincali_sync.rendering.formats import money
from pincali_sync.rendering.maps import Pin, draw_map, moves, view_of
from pincali_sync.web.listing_words import LABELS
from pincali_sync.web.site import Site, site_of
from pincali_sync.web.words import plain

_SIZE = 50
_POINTS = 1_000
_MEDIA = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.GEOJSON: "application/geo+json",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a page of listings was asked for, as it was written."""

    given: Mapping[str, str]  # filters alone
    sort: str
    after: str | None

    @classmethod
    def of(cls, request: Request) -> Asked:
        """From a query; what it does not know is left out."""
        query = request.query_params
        return cls(
            given={name: query[name] for name in FILTER_NAMES if query.get(name)},
            sort=query.get("sort") or ListingOrder.NEWEST,
            after=query.get("after") or None,
        )

    def wanted(self, site: Site) -> ListingFilter:
        """The filter. Raises: UsageError: when a value cannot be read."""
        now = site.services.clock.now()
        found = parse_filter(self.given, now, zone=shown_zone())
        return replace(found, status=found.status or PRESENT)

    def link(self, path: str = "/listings", **otherwise: str | None) -> str:
        """An address that asks for the same, but for what is said otherwise; the first page."""
        sort = None if self.sort == ListingOrder.NEWEST else self.sort
        asked = {**self.given, "sort": sort, **otherwise}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{path}?{query}" if query else path

    def options(self) -> str:
        """The same for a command, which takes dates for UTC where this page has another zone."""
        given = {"status": "present", **with_moments_of(shown_zone(), self.given)}
        if "property_type" in given:
            given["type"] = given.pop("property_type")
        return " ".join(
            f"--{name.replace('_', '-')} {shlex.quote(text)}" for name, text in given.items()
        )


async def listings(request: Request) -> Response:
    """A page of what a filter selects, with its map."""
    site, asked = site_of(request), Asked.of(request)
    if "" in request.query_params.values():  # a form sends all its fields
        return RedirectResponse(asked.link(), status_code=303)
    try:
        wanted, order = asked.wanted(site), parse_order(asked.sort)
        async with site.services.db.transaction() as tx:
            found = await tx.browsing.page(
                wanted, order, after=asked.after, size=_SIZE, points=_POINTS
            )
            known_by_url = await tx.ages.some_by_url()
    except UsageError as error:
        return site.page(
            request, "listings.html", status=400, asked=asked, refused=_refusal(error), **_NOTHING
        )
    pins = _pins(found)
    view = view_of(pins, wanted.area)
    return site.page(
        request,
        "listings.html",
        asked=asked,
        refused=None,
        found=found,
        known_by_url=known_by_url,
        prices_in=_prices_in(wanted, order),
        most=MOST_COUNTED,
        looked_at=LOOKED_AT,
        near=[] if found.rows or found.next else await _near(site, wanted),
        atlas=draw_map(pins, title=_("Map of what is shown"), area=wanted.area) if pins else None,
        view=view,
        moves={name: str(area) for name, area in moves(view).items()},
    )


def _refusal(error: UsageError) -> str:
    """What is wrong with a filter, by its name in the form."""
    name, __, rest = str(error).partition(" ")
    return f"{_(LABELS[name])} {rest}" if name in LABELS else str(error)


_NOTHING: dict[str, object] = {
    "found": None,
    "known_by_url": 0,
    "prices_in": None,
    "most": MOST_COUNTED,
    "near": (),
    "atlas": None,
    "view": None,
    "moves": {},
}


def _prices_in(wanted: ListingFilter, order: ListingOrder) -> str | None:
    """The currency that prices are compared in without being named."""
    if wanted.currency is not None:
        return None
    return wanted.prices_in or ("MXN" if order.is_of_prices else None)


async def _near(site: Site, wanted: ListingFilter) -> Sequence[str]:
    """Places whose names are like one that nothing was found in."""
    name = wanted.city or wanted.place
    if name is None:
        return []
    async with site.services.db.transaction() as tx:
        return [each.name for each in await tx.browsing.find_places(name)]


def _pins(found: ListingPage) -> list[Pin]:
    rows = {each.property_id for each in found.rows}
    cities = {each.city for each in found.points}
    pins = {
        each.property_id: pin_of(each, is_main=each.property_id in rows, by_city=len(cities) > 1)
        for each in found.points
    }
    for each in found.rows:
        point = each.point
        if point is not None:
            pins[each.property_id] = pin_of(point, is_main=True, by_city=len(cities) > 1)
    return [*pins.values()]


def pin_of(point: Point, *, is_main: bool, by_city: bool = False) -> Pin:
    """A listing as a pin that leads to its page."""
    place = point.city if by_city else point.neighborhood
    return Pin(
        latitude=float(point.latitude),
        longitude=float(point.longitude),
        target=f"/properties/{quote(point.property_id, safe='')}",
        label=f"{plain(point.title, 80)} · {money(point.price, point.currency)}",
        place=plain(place, 40) if place else None,
        is_main=is_main,
    )


async def download(request: Request) -> Response:
    """What is shown, all of its pages, as a file."""
    site, asked = site_of(request), Asked.of(request)
    try:
        form = ExportFormat(request.path_params["form"])
        wanted = asked.wanted(site)
    except (ValueError, UsageError) as error:
        raise HTTPException(404, str(error)) from error
    async with site.services.db.transaction() as tx:
        found = await tx.browsing.page(wanted, ListingOrder.NEWEST, size=1)
    if found.found is None:
        raise HTTPException(413, _("That is too much for a page: the command exports it."))
    with TemporaryDirectory(prefix="pincali-listings-") as folder:
        path = Path(folder) / f"listings.{form}"
        await site.services.exports.to_file(path, form, Wanted(where=wanted))
        content = await asyncio.to_thread(path.read_bytes)
    name = f"listings-{site.services.clock.now():%Y-%m-%d}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=_MEDIA[form], headers=headers)
