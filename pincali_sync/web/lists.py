"""The pages that list: queue, runs, decisions, errors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import UsageError
from pincali_sync.services.insights.snapshot import QueueFigures
from pincali_sync.web.site import site_of

LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """Open rows of one priority and reason."""

    priority: int
    reason: str
    pending: int
    in_progress: int
    oldest_queued_at: datetime | None  # of those that wait


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedLine:
    """What became of one reason's pages within a day."""

    reason: str
    completed: int
    failed: int
    cancelled: int
    in_last_hour: int
    average_seconds: float | None  # from queued to fetched


async def queue(request: Request) -> Response:
    """What waits, how it drains, and what was set aside."""
    site = site_of(request)
    snapshot = await site.snapshots.current()
    return site.page(
        request,
        "queue.html",
        snapshot=snapshot,
        open_lines=_open_lines(snapshot.queue) if snapshot else [],
        finished=_finished_lines(snapshot.queue) if snapshot else [],
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


def _open_lines(figures: QueueFigures) -> list[QueueLine]:
    groups = {(each.priority, each.reason, each.status): each for each in figures.groups}
    kinds = sorted({(p, r) for p, r, status in groups if status in {"pending", "in_progress"}})
    lines = []
    for priority, reason in kinds:
        pending = groups.get((priority, reason, "pending"))
        under_way = groups.get((priority, reason, "in_progress"))
        lines.append(
            QueueLine(
                priority=priority,
                reason=reason,
                pending=pending.rows if pending else 0,
                in_progress=under_way.rows if under_way else 0,
                oldest_queued_at=pending.oldest_queued_at if pending else None,
            )
        )
    return lines


def _finished_lines(figures: QueueFigures) -> list[FinishedLine]:
    ended = {(each.reason, each.status): each for each in figures.finished}
    lines = []
    for reason in sorted({reason for reason, _ in ended}):
        completed = ended.get((reason, "completed"))
        counts = {status: each.rows for (name, status), each in ended.items() if name == reason}
        lines.append(
            FinishedLine(
                reason=reason,
                completed=counts.get("completed", 0),
                failed=counts.get("failed", 0),
                cancelled=counts.get("cancelled", 0),
                in_last_hour=completed.rows_in_last_hour if completed else 0,
                average_seconds=completed.average_seconds if completed else None,
            )
        )
    return lines
