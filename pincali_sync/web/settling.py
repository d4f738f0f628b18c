"""`/removals/unsettled/…`: one listing that no page tells of, settled by a person."""

from __future__ import annotations

import logging
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.domain.numbers import whole_number
from pincali_sync.exceptions import OutdatedError, UsageError
from pincali_sync.language import N_, _
from pincali_sync.web.site import DASHBOARD, done, site_of
from pincali_sync.web.trust import trusted_form

logger = logging.getLogger(__name__)

_VERBS = ("gone", "keep")
_CHECKS = 10
_CHANGED = N_(
    "The listing is not what you saw any more, so nothing was done. Look again, then decide."
)
_NOT_SAID = N_("The form does not say what you saw. Nothing was done.")


async def settle(request: Request) -> Response:
    """GET shows what is known and what deciding would do; POST does it."""
    if request.path_params["verb"] not in _VERBS:
        raise HTTPException(404)
    return await (_carry_out(request) if request.method == "POST" else _show(request))


async def _show(request: Request) -> Response:
    site, property_id = site_of(request), request.path_params["property_id"]
    try:
        standing = await site.services.settlements.standing(property_id)
        checks = await site.services.db.run(
            lambda tx: tx.checks.of_property(property_id, limit=_CHECKS)
        )
    except UsageError as error:
        raise HTTPException(404, _("No live record has this id.")) from error
    return site.page(
        request,
        "settle.html",
        standing=standing,
        checks=checks,
        gone=request.path_params["verb"] == "gone",
    )


async def _carry_out(request: Request) -> Response:
    site, property_id = site_of(request), request.path_params["property_id"]
    gone = request.path_params["verb"] == "gone"
    form = await trusted_form(request, site.guard)
    state, missing = form.get("listing_status", ""), whole_number(form.get("missing", ""))
    if not state or missing is None:
        raise HTTPException(400, _(_NOT_SAID))
    try:
        settled = await site.services.settlements.settle(
            property_id, gone=gone, decided_by=DASHBOARD, seen=(state, missing)
        )
    except OutdatedError as error:
        raise HTTPException(409, _(_CHANGED)) from error
    except UsageError as error:
        raise HTTPException(409, str(error)) from error
    logger.warning(
        "listing %s was settled by %s: it is %s", property_id, DASHBOARD, settled.listing_status
    )
    said = ("settled-gone" if gone else "settled-kept") if settled.changed else "settled-already"
    return done(f"/properties/{quote(property_id, safe='')}", said)
