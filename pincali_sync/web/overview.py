"""`/`: what is wrong first, then the tiers, then the figures."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.bootstrap import build_runner
from pincali_sync.services.insights.snapshot import Snapshot
from pincali_sync.web import trends
from pincali_sync.web.site import site_of

# Cron calls the tier runner every minute; the alert RunnerSilent waits as long.
_SILENCE = timedelta(minutes=15)
_BATCHES = 20


async def overview(request: Request) -> Response:
    """The state of everything on one page."""
    site = site_of(request)
    services = site.services
    snapshot = await site.snapshots.current()
    schedule = await services.scheduler(build_runner(services.config)).get_schedule_status()
    progress = await services.insights.progress()
    since = services.clock.now() - timedelta(days=trends.DAYS)
    async with services.db.transaction() as tx:
        history = await tx.history.points(since=since)
        return site.page(
            request,
            "overview.html",
            incidents=await tx.incidents.open(),
            schedule=schedule,
            progress={each.run.tier_level: each for each in progress},
            held=await tx.batches.latest(status="held", limit=_BATCHES),
            snapshot=snapshot,
            is_runner_silent=_is_silent(snapshot),
            freshness=trends.freshness(snapshot.live) if snapshot and snapshot.live else [],
            listings=trends.listings_over_time(history),
            waiting=trends.queue_over_time(history),
            days=trends.by_day(await tx.history.by_day(since=since), services.clock.now()),
        )


def _is_silent(snapshot: Snapshot | None) -> bool:
    """Whether nobody looks after the tiers: then no alert can be open either."""
    if snapshot is None:
        return False  # the page says that there are no figures
    seen = snapshot.runner_seen_at
    return seen is None or snapshot.taken_at - seen > _SILENCE
