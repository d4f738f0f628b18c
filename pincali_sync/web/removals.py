"""`/removals`: batches, their evidence, and the decision on one that is held."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.db.repositories.removal.removals import RemovalBatch
from pincali_sync.exceptions import OutdatedError
from pincali_sync.services.insights_service import BatchView
from pincali_sync.web.forms import DASHBOARD, done, trusted_form
from pincali_sync.web.site import Site, site_of

Decide = Callable[..., Awaitable[RemovalBatch]]

logger = logging.getLogger(__name__)

_BATCHES = 50
_UNSETTLED = 100
_CHECKS = 200
_SAMPLE = 10
_CHANGED = (
    "The batch is not what you saw any more, so nothing was done. Go back to it, look again, "
    "then decide."
)


async def batches(request: Request) -> Response:
    """The newest batches, a held one first, and what is missing for long without a verdict."""
    site = site_of(request)
    reviews = site.services.reviews
    found = await reviews.removal_batches(limit=_BATCHES)
    held = await reviews.removal_batches(status="held", limit=_BATCHES)
    return site.page(
        request,
        "removals.html",
        batches=[*held, *(each for each in found if each.status != "held")],
        batches_limit=_BATCHES,
        unsettled=await reviews.unsettled(_UNSETTLED),
        unsettled_limit=_UNSETTLED,
    )


async def batch(request: Request) -> Response:
    """One batch with its checks."""
    site = site_of(request)
    view = await _view(site, request.path_params["batch_id"], _CHECKS)
    return site.page(request, "batch.html", view=view, batch=view.batch, limit=_CHECKS)


async def approve(request: Request) -> Response:
    """GET shows what approving would do; POST does it."""
    if request.method != "POST":
        return await _ask(request, "approve")
    return await _carry_out(request, site_of(request).services.reviews.approve, "approved")


async def reject(request: Request) -> Response:
    """GET shows what rejecting would do; POST does it."""
    if request.method != "POST":
        return await _ask(request, "reject")
    return await _carry_out(request, site_of(request).services.reviews.reject, "rejected")


async def _ask(request: Request, verb: str) -> Response:
    site = site_of(request)
    view = await _view(site, request.path_params["batch_id"], _SAMPLE)
    if view.batch.status != "held":
        return _nothing_to_decide(view.batch)
    return site.page(request, "decide.html", view=view, batch=view.batch, approve=verb == "approve")


async def _carry_out(request: Request, decide: Decide, word: str) -> Response:
    site = site_of(request)
    form = await trusted_form(request)
    removable = _number_seen(form.get("removable", ""))
    batch = (await _view(site, request.path_params["batch_id"], 0)).batch
    if batch.status != "held":
        return _nothing_to_decide(batch)
    try:
        if form.get("status") != batch.status:
            raise OutdatedError(f"batch {batch.id} is held")
        decided = await decide(batch.id, decided_by=DASHBOARD, removable=removable)
    except OutdatedError as error:
        batch = (await _view(site, batch.id, 0)).batch
        if batch.status != "held":  # somebody was quicker, or clicked twice
            return _nothing_to_decide(batch)
        raise HTTPException(409, _CHANGED) from error
    logger.warning(
        "removal batch %s was %s by %s: %s listings removed",
        batch.id,
        word,
        DASHBOARD,
        decided.removed,
    )
    return done(_page_of(batch), word)


def _nothing_to_decide(batch: RemovalBatch) -> Response:
    is_open = batch.status == "open"
    return done(_page_of(batch), "not-to-decide" if is_open else "decided-already")


def _page_of(batch: RemovalBatch) -> str:
    return f"/removals/{batch.id}"


async def _view(site: Site, batch_id: UUID, limit: int) -> BatchView:
    view = await site.services.insights.removal_batch(batch_id, limit)
    if view is None:
        raise HTTPException(404, "There is no such batch of removals.")
    return view


def _number_seen(text: str) -> int:
    """What the form says the person saw; a form that does not say has seen nothing."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise HTTPException(400, "The form does not say what you saw. Nothing was done.")
    return int(text)
