"""One property: what it is, where it lies, and on which evidence; and the way to it by a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pincali_sync.db.repositories.listings.places import MOST_LISTINGS, FoundPlace, Point
from pincali_sync.exceptions import UsageError
from pincali_sync.language import _
from pincali_sync.rendering.charts import Series
from pincali_sync.rendering.maps import draw_map
from pincali_sync.services.insights_service import Dossier
from pincali_sync.web import trends
from pincali_sync.web.listings import pin_of
from pincali_sync.web.site import Site, site_of
from pincali_sync.web.words import listing_state, slug

_RECORD_ROWS = 50
_PRICES = 200
_LONGEST_PLACE = 200


async def search(request: Request) -> Response:
    """On to the record that an id, an EasyBroker id or a URL means; else places and words."""
    site = site_of(request)
    name = request.query_params.get("name", "").strip()
    if not name:
        return site.page(request, "search.html", name="", found=True, places=(), most=MOST_LISTINGS)
    try:
        property_id = await site.services.insights.record_of(name)
    except UsageError:
        places = await _places(site, name)
        return site.page(
            request,
            "search.html",
            status=200 if places else 404,
            name=name,
            found=False,
            places=[(each, f"/listings?{urlencode(_where(each))}") for each in places],
            most=MOST_LISTINGS,
        )
    return RedirectResponse(f"/properties/{quote(property_id, safe='')}", status_code=303)


async def _places(site: Site, name: str) -> list[FoundPlace]:
    if len(name) > _LONGEST_PLACE or not name.isprintable():
        return []
    return await site.services.db.run(lambda tx: tx.browsing.find_places(name))


def _where(place: FoundPlace) -> dict[str, str]:
    """What filters the listings of a place."""
    if place.kind == "city":
        return {"city": place.name}
    return {"place": place.name, **({"city": place.city} if place.city else {})}


async def dossier(request: Request) -> Response:
    """What a listing is, then on which evidence."""
    site = site_of(request)
    services = site.services
    try:
        found = await services.insights.explain(request.path_params["property_id"], _RECORD_ROWS)
    except UsageError as error:
        raise HTTPException(404, _("No record has this id.")) from error
    async with services.db.transaction() as tx:
        shown = await tx.dossier.shown(found.property_id)
        prices = await tx.dossier.changes(found.property_id, limit=_PRICES, only_prices=True)
    live, card = found.live or {}, found.manifest or {}
    url = (live or card).get("source_url")
    line = trends.price_line(prices, found.live, services.clock.now())
    return site.page(
        request,
        "property.html",
        dossier=found,
        live=found.live,
        shown=shown,
        card=found.manifest,
        atlas=await _atlas(site, found, shown),
        title=live.get("title")
        or card.get("listing_page_title")
        or (slug(url) if url else found.property_id),
        source_url=url,
        state=listing_state(found),
        prices=prices,
        price_line=Series(name=_("price"), points=line),
        limit=_RECORD_ROWS,
    )


async def _atlas(site: Site, found: Dossier, shown: Mapping[str, Any] | None) -> Markup | None:
    """The listing among its neighbours; None where nobody says where it lies."""
    if found.live is None or shown is None or None in (shown["latitude"], shown["longitude"]):
        return None
    there = float(shown["latitude"]), float(shown["longitude"])
    near = await site.services.db.run(lambda tx: tx.browsing.near(found.property_id, *there))
    both = {**found.live, **shown}
    own = Point(**{name: both[name] for name in Point.__dataclass_fields__})
    pins = [pin_of(own, is_main=True), *(pin_of(each, is_main=False) for each in near)]
    return draw_map(pins, title=_("Map of the neighbourhood"))
