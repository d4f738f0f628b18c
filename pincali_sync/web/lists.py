"""The pages that list: queue, runs, decisions, errors."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import UsageError
from pincali_sync.web.site import site_of

LIMIT = 100
FAILED_RUNS = 20
HELD = 20


async def queue(request: Request) -> Response:
    """What waits, how it drains, and what was set aside."""
    site = site_of(request)
    snapshot = await site.snapshots.current()
    async with site.services.db.transaction() as tx:
        return site.page(
            request,
            "queue.html",
            snapshot=snapshot,
            dead_letters=await tx.queue_rows.dead_letters(limit=LIMIT),
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
    async with site.services.db.transaction() as tx:
        return site.page(
            request,
            "runs.html",
            runs=await tx.runs.recent(tier_level=tier and tier.value, limit=LIMIT),
            tier=tier,
            tiers=tuple(Tier),
            limit=LIMIT,
        )


async def run(request: Request) -> Response:
    """One run: its scan, its certificates, its jobs."""
    site = site_of(request)
    under_way = {each.run.id: each for each in await site.services.insights.progress()}
    async with site.services.db.transaction() as tx:
        found = await tx.runs.get(request.path_params["run_id"])
        if found is None:
            raise HTTPException(404, "There is no such run. Old ones are deleted after their term.")
        return site.page(
            request,
            "run.html",
            run=found,
            jobs=await tx.jobs.of_run(found.id),
            details=found.details,
            progress=under_way.get(found.id),
        )


async def decisions(request: Request) -> Response:
    """What waits for a person, with the commands that settle it."""
    site = site_of(request)
    async with site.services.db.transaction() as tx:
        return site.page(
            request,
            "decisions.html",
            held=await tx.batches.latest(status="held", limit=HELD),
            reviews=await tx.reviews.open_reviews(limit=LIMIT),
            candidates=await tx.identities.open_candidates(limit=LIMIT),
            limit=LIMIT,
        )


async def errors(request: Request) -> Response:
    """What failed lately, and why."""
    site = site_of(request)
    async with site.services.db.transaction() as tx:
        return site.page(
            request,
            "errors.html",
            failed_runs=await tx.runs.recent(tier_level=None, limit=FAILED_RUNS, status="failed"),
            dead_letters=await tx.queue_rows.dead_letters(limit=LIMIT),
            errors=await tx.sessions.errors(limit=LIMIT),
            limit=LIMIT,
        )
