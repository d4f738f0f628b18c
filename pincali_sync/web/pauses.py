"""`/pauses`: what rests and why; stopping and going on."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.db.repositories.site.pauses import ALL, scope_of_tier
from pincali_sync.domain.tiers import Tier
from pincali_sync.web.site import DASHBOARD, done, site_of
from pincali_sync.web.trust import trusted_form
from pincali_sync.web.words import LONG, plain

logger = logging.getLogger(__name__)

_SCOPES: dict[str, Tier | None] = {ALL: None, **{scope_of_tier(tier): tier for tier in Tier}}
_NO_SCOPE = "The form names neither everything nor a tier. Nothing was done."
_CHANGED = "It rests for another reason than the one you saw. Nothing was done. Look again."


async def pauses(request: Request) -> Response:
    """GET shows what rests; POST pauses everything or one tier."""
    site = site_of(request)
    if request.method != "POST":
        in_force = await site.services.pauses.in_force()
        return site.page(request, "pauses.html", pauses=in_force, scopes=_SCOPES)
    form = await trusted_form(request, site.guard)
    scope = _scope(form.get("scope"))
    reason = plain(form.get("reason", ""), LONG) or "by request"
    if not await site.services.pauses.pause(_SCOPES[scope], reason=reason, paused_by=DASHBOARD):
        return done("/pauses", "paused-already")
    logger.warning("%s was paused by %s", scope, DASHBOARD)
    return done("/pauses", "paused")


async def resume(request: Request) -> Response:
    """Ends one pause: the one that the person saw."""
    site = site_of(request)
    form = await trusted_form(request, site.guard)
    scope = _scope(form.get("scope"))
    found = {each.scope: each for each in await site.services.pauses.in_force()}.get(scope)
    if found is None:
        return done("/pauses", "resumed-already")
    if found.paused_at.isoformat() != form.get("paused_at"):
        raise HTTPException(409, _CHANGED)
    await site.services.pauses.resume(None, scope=scope)
    logger.warning("%s was resumed by %s", scope, DASHBOARD)
    return done("/pauses", "resumed")


def _scope(text: str | None) -> str:
    if text not in _SCOPES:
        raise HTTPException(400, _NO_SCOPE)
    return text
