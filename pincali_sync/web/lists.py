"""The pages that list: queue, runs, decisions, errors."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import UsageError
from pincali_sync.web.site import site_of

LIMIT = 100


async def queue(request: Request) -> Response:
    """What waits, how it drains, and what was set aside."""
    site = site_of(request)
    return site.page(
        request,
        "queue.html",
        snapshot=await site.snapshots.current(),
        dead_letters=await site.services.insights.dead_letters(LIMIT),
        limit=LIMIT,
    )


async def runs(request: Request) -> Response:
    """The latest runs, of one tier or of all."""
    site = site_of(request)
    chosen = request.query_params.get("tier")
    try:
        tier = None if chosen is None else Tier.parse(chosen)
    except UsageError as error:
        raise HTTPException(404, str(error)) from error
    return site.page(
        request,
        "runs.html",
        runs=await site.services.insights.history(tier, LIMIT),
        tier=tier,
        tiers=tuple(Tier),
        limit=LIMIT,
    )


async def run(request: Request) -> Response:
    """One run: its scan, its certificates, its jobs."""
    site = site_of(request)
    view = await site.services.insights.run(request.path_params["run_id"])
    if view is None:
        raise HTTPException(404, "There is no such run. Old ones are deleted after their term.")
    return site.page(
        request,
        "run.html",
        run=view.run,
        jobs=view.jobs,
        details=view.run.details,
        progress=next(
            (
                each
                for each in await site.services.insights.progress()
                if each.run.id == view.run.id
            ),
            None,
        ),
    )


async def decisions(request: Request) -> Response:
    """What waits for a person, with the commands that settle it."""
    site = site_of(request)
    services = site.services
    return site.page(
        request,
        "decisions.html",
        held=await services.reviews.removal_batches(status="held"),
        reviews=await services.reviews.price_reviews(LIMIT),
        candidates=await services.identities.open_candidates(LIMIT),
        limit=LIMIT,
    )


async def errors(request: Request) -> Response:
    """What failed lately, and why."""
    site = site_of(request)
    insights = site.services.insights
    return site.page(
        request,
        "errors.html",
        failed_runs=await insights.failed_runs(),
        dead_letters=await insights.dead_letters(LIMIT),
        errors=await insights.errors(LIMIT),
        limit=LIMIT,
    )
