"""`/property` looks a record up; `/properties/ID` tells everything about it."""

from __future__ import annotations

from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pincali_sync.exceptions import UsageError
from pincali_sync.rendering.charts import Series
from pincali_sync.services.insights_service import Dossier
from pincali_sync.web.site import site_of
from pincali_sync.web.trends import price_line
from pincali_sync.web.words import listing_state

_ROWS = 50
_PRICES = 200


async def search(request: Request) -> Response:
    """On to the record that an id, an EasyBroker id or a URL means."""
    site = site_of(request)
    name = request.query_params.get("name", "").strip()
    if not name:
        return site.page(request, "search.html", name="", found=True)
    try:
        property_id = await site.services.insights.record_of(name)
    except UsageError:
        return site.page(request, "search.html", status=404, name=name, found=False)
    return RedirectResponse(f"/properties/{quote(property_id, safe='')}", status_code=303)


async def dossier(request: Request) -> Response:
    """What a record is, and on which evidence."""
    site = site_of(request)
    services = site.services
    try:
        found = await services.insights.explain(request.path_params["property_id"], _ROWS)
    except UsageError as error:
        raise HTTPException(404, "No record has this id.") from error
    async with services.db.transaction() as tx:
        prices = await tx.dossier.changes(found.property_id, limit=_PRICES, only_prices=True)
    line = price_line(prices, found.live, services.clock.now())
    return site.page(
        request,
        "property.html",
        dossier=found,
        live=found.live,
        card=found.manifest,
        title=_title(found),
        source_url=(found.live or found.manifest or {}).get("source_url"),
        state=listing_state(found),
        prices=prices,
        price_line=Series(name="price", points=line),
        limit=_ROWS,
    )


def _title(dossier: Dossier) -> str:
    live, card = dossier.live or {}, dossier.manifest or {}
    return str(live.get("title") or card.get("listing_page_title") or dossier.property_id)
