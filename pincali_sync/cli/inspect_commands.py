"""Commands that only look: status, queue-stats, manifest-stats."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pincali_sync.bootstrap import open_services
from pincali_sync.cli.output import JsonOption, print_json, print_table
from pincali_sync.config import load_config
from pincali_sync.services.insights_service import (
    InsightsService,
    ManifestStats,
    QueueStats,
    TierStatus,
)

T = TypeVar("T")


def status(as_json: JsonOption = False) -> None:
    """Show each tier's latest run and the live table."""

    async def read(insights: InsightsService) -> tuple[list[TierStatus], dict[str, int]]:
        return await insights.tiers(), await insights.live_by_status()

    tiers, live = _ask(read)
    if as_json:
        print_json({"tiers": [_tier_as_dict(each) for each in tiers], "live": live})
        return
    columns = ("tier", "state", "step", "started", "pages", "new", "queued", "scraped")
    print_table("Tiers", columns, [_tier_row(each) for each in tiers])
    print_table("Live table", ("listing status", "rows"), live.items())


def queue_stats(as_json: JsonOption = False) -> None:
    """Show the queue of detail pages."""
    stats: QueueStats = _ask(lambda insights: insights.queue())
    if as_json:
        print_json(stats)
        return
    print_table(
        "Queue",
        ("pending", "in progress", "completed today", "failed today", "set aside"),
        [
            (
                stats.pending_count,
                stats.in_progress_count,
                stats.completed_today,
                stats.failed_today,
                stats.failed_count,
            )
        ],
    )
    print_table("Open, by priority", ("priority", "rows"), stats.by_priority.items())
    print_table("Open, by reason", ("reason", "rows"), stats.by_reason.items())


def manifest_stats(as_json: JsonOption = False) -> None:
    """Show the manifest."""
    stats: ManifestStats = _ask(lambda insights: insights.manifest())
    if as_json:
        print_json(stats)
        return
    print_table(
        "Manifest",
        ("listings", "new", "waiting", "price changed", "with id", "seen last day", "newest"),
        [
            (
                stats.total,
                stats.new,
                stats.waiting_for_scrape,
                stats.price_changed,
                stats.with_public_id,
                stats.seen_last_day,
                stats.newest_sighting,
            )
        ],
    )
    print_table("Ever seen in", ("source", "listings"), stats.by_source.items())


def _ask(question: Callable[[InsightsService], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with open_services(load_config()) as services:
            return await question(services.insights)

    return asyncio.run(ask())


def _tier_row(status: TierStatus) -> tuple[Any, ...]:
    name = f"{status.tier.value} {status.tier.label}"
    run = status.latest
    if run is None:
        return (name, "never ran", *(None,) * 6)
    return (
        name,
        run.status,
        run.step,
        run.started_at,
        run.pages_scanned,
        run.new_properties_found,
        run.properties_queued,
        run.properties_scraped,
    )


def _tier_as_dict(status: TierStatus) -> dict[str, Any]:
    return {"tier": status.tier.value, "name": status.tier.label, "latest_run": status.latest}
