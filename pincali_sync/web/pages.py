"""The pages that only show: the overview, the lists, and what is known of one record."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.bootstrap import build_log_reader, build_runner
from pincali_sync.domain.news import Period
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import RunnerError, UsageError
from pincali_sync.language import _
from pincali_sync.services.insights.snapshot import is_silent
from pincali_sync.services.runs.job_logs import read_log
from pincali_sync.web import trends
from pincali_sync.web.news import link_to
from pincali_sync.web.site import site_of

_LIMIT = 100
_LATEST = 20  # of what other pages show more of
_RECORD_ROWS = 50
_PRICES = 200
_LOG_LINES = 500


async def overview(request: Request) -> Response:
    """The state of everything on one page."""
    site = site_of(request)
    services = site.services
    snapshot = await site.snapshots.current()
    schedule = await services.scheduler(build_runner(services.config)).get_schedule_status()
    progress = await services.insights.progress()
    news = await services.news.day_counts()
    since = services.clock.now() - timedelta(days=trends.DAYS)
    zone = services.config.display_zone
    async with services.db.transaction() as tx:
        history = await tx.history.points(since=since)
        counts = await tx.history.by_day(since=since, zone=zone.key)
        return site.page(
            request,
            "overview.html",
            incidents=await tx.incidents.open(),
            schedule=schedule,
            progress={each.run.tier_level: each for each in progress},
            held=await tx.batches.latest(status="held", limit=_LATEST),
            news=news,
            link=partial(link_to, {"period": Period.TODAY}),
            snapshot=snapshot,
            # Without a snapshot the page says that there are no figures.
            is_runner_silent=snapshot is not None
            and is_silent(snapshot.runner_seen_at, snapshot.taken_at),
            freshness=trends.freshness(snapshot.live) if snapshot and snapshot.live else [],
            listings=trends.listings_over_time(history),
            waiting=trends.queue_over_time(history),
            days=trends.by_day(counts, services.clock.now(), zone),
            zone=zone.key,
        )


async def queue(request: Request) -> Response:
    """What waits, how it drains, and what was set aside."""
    site = site_of(request)
    snapshot = await site.snapshots.current()
    async with site.services.db.transaction() as tx:
        return site.page(
            request,
            "queue.html",
            snapshot=snapshot,
            dead_letters=await tx.queue_rows.dead_letter_groups(),
            limit=_LIMIT,
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
            runs=await tx.runs.recent(tier_level=tier and tier.value, limit=_LIMIT),
            tier=tier,
            tiers=tuple(Tier),
            limit=_LIMIT,
        )


async def run(request: Request) -> Response:
    """One run: its scan, its certificates, its jobs."""
    site = site_of(request)
    under_way = {each.run.id: each for each in await site.services.insights.progress()}
    async with site.services.db.transaction() as tx:
        found = await tx.runs.get(request.path_params["run_id"])
        if found is None:
            raise HTTPException(
                404, _("There is no such run. Old ones are deleted after their term.")
            )
        return site.page(
            request,
            "run.html",
            run=found,
            jobs=await tx.jobs.of_run(found.id),
            details=found.details,
            progress=under_way.get(found.id),
        )


async def job_log(request: Request) -> Response:
    """The end of a job's log, as far as it can be read from here."""
    site = site_of(request)
    job = await site.services.db.run(lambda tx: tx.jobs.get(request.path_params["job_id"]))
    if job is None:
        raise HTTPException(404, _("There is no such job. Old ones are deleted with their run."))
    log, fault = None, ""
    try:
        log = await read_log(build_log_reader(site.services.config, job.node), job, _LOG_LINES)
    except RunnerError as error:
        fault = str(error)
    return site.page(request, "job.html", job=job, log=log, fault=fault)


async def decisions(request: Request) -> Response:
    """What waits for a person, with the commands that settle it."""
    site = site_of(request)
    async with site.services.db.transaction() as tx:
        return site.page(
            request,
            "decisions.html",
            held=await tx.batches.latest(status="held", limit=_LATEST),
            reviews=await tx.reviews.open_reviews(limit=_LIMIT),
            candidates=await tx.identities.open_candidates(limit=_LIMIT),
            waiting=await tx.missing.waiting(),
            limit=_LIMIT,
        )


async def errors(request: Request) -> Response:
    """What failed lately, and why."""
    site = site_of(request)
    async with site.services.db.transaction() as tx:
        return site.page(
            request,
            "errors.html",
            failed_runs=await tx.runs.recent(tier_level=None, limit=_LATEST, status="failed"),
            dead_letters=await tx.queue_rows.dead_letter_groups(),
            errors=await tx.sessions.errors(limit=_LIMIT),
            limit=_LIMIT,
        )
