"""Commands that only look: status, history, queue-stats, manifest-stats."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pincali_sync.bootstrap import Services, build_runner
from pincali_sync.cli.asking import ask, ask_database
from pincali_sync.cli.output import JsonOption, print_json, print_records, print_table, tier_option
from pincali_sync.cli.run_views import print_history, show_scan, state_of
from pincali_sync.domain.tiers import Tier
from pincali_sync.rendering.formats import instant
from pincali_sync.services.insights.snapshot import RUNNER
from pincali_sync.services.scheduler_service import TierSchedule
from pincali_sync.services.site.pauses import explain as explain_pause


def status(as_json: JsonOption = False) -> None:
    """Show each tier's last and next run, what is paused, and the live table."""
    state = ask(_read_status)
    if as_json:
        print_json({**state, "tiers": list(map(_plain_tier, state["tiers"]))})
        return
    print_table("Tiers", _TIER_COLUMNS, map(_tier_row, state["tiers"]))
    last_tick = state["last_tick_at"]
    seen = instant(last_tick) if last_tick else "never"
    typer.echo(f"The tier runner last did its work: {seen}.")
    for pause in state["pauses"]:
        typer.echo(explain_pause(pause))
    for incident in state["incidents"]:
        told = "" if incident.announced_at else " (nobody was told yet)"
        typer.echo(f"{incident.severity} {incident.alert}{told}: {incident.message}")
    print_table("Live table", ("listing status", "rows"), state["live"].items())


async def _read_status(services: Services) -> dict[str, Any]:
    scheduler = services.scheduler(build_runner(services.config))
    schedule = await scheduler.get_schedule_status()
    async with services.db.transaction() as tx:
        return {
            "tiers": schedule.tiers,
            "pauses": schedule.pauses,
            "live": await tx.live.counts(),
            "incidents": await tx.incidents.open(),
            "last_tick_at": await tx.history.last_beat(RUNNER),
        }


def history(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="One run's scan, by how its id begins.")
    ] = None,
    tier: Annotated[Tier | None, tier_option("Of one tier only.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the latest runs, or what one run's scan is worth."""
    if run is not None:
        show_scan(ask(lambda services: services.insights.find_run(run)), as_json=as_json)
        return
    runs = ask_database(lambda tx: tx.runs.recent(tier_level=tier, limit=limit))
    if as_json:
        print_json(runs)
    else:
        print_history(runs)


def queue_stats(as_json: JsonOption = False) -> None:
    """Show the queue of detail pages."""
    stats = ask(
        lambda services: services.db.run(lambda tx: tx.queue_rows.stats(now=services.clock.now()))
    )
    if as_json:
        print_json(stats)
        return
    print_records("Queue", _QUEUE_COLUMNS, [stats])
    print_table("Open, by priority", ("priority", "rows"), stats.by_priority.items())
    print_table("Open, by reason", ("reason", "rows"), stats.by_reason.items())


def manifest_stats(as_json: JsonOption = False) -> None:
    """Show the manifest."""
    stats = ask(
        lambda services: services.db.run(lambda tx: tx.manifest.stats(now=services.clock.now()))
    )
    if as_json:
        print_json(stats)
        return
    print_records("Manifest", _MANIFEST_COLUMNS, [stats])
    print_table("Ever seen in", ("source", "listings"), stats.by_source.items())


_TIER_COLUMNS = ("tier", "state", "last run", "next run", "new", "scraped")
_QUEUE_COLUMNS = {
    "pending": "pending_count",
    "in progress": "in_progress_count",
    "completed today": "completed_today",
    "failed today": "failed_today",
    "set aside": "failed_count",
}
_MANIFEST_COLUMNS = {
    "listings": "total",
    "new": "new",
    "waiting": "waiting_for_scrape",
    "price changed": "price_changed",
    "with id": "with_public_id",
    "seen last day": "seen_last_day",
    "newest": "newest_sighting",
}


def _tier_row(planned: TierSchedule) -> tuple[Any, ...]:
    run, name = planned.latest, f"{planned.tier.value} {planned.tier.label}"
    upcoming = planned.next_run_at if planned.enabled else "not enabled"
    if run is None:
        return (name, "never ran", None, upcoming, None, None)
    found, scraped = run.new_properties_found, run.properties_scraped
    return (name, state_of(run), run.started_at, upcoming, found, scraped)


def _plain_tier(planned: TierSchedule) -> dict[str, Any]:
    return {
        "tier": planned.tier.value,
        "name": planned.tier.label,
        "enabled": planned.enabled,
        "running": planned.is_running,
        "last_run_at": planned.last_run_at,
        "next_run_at": planned.next_run_at,
        "latest_run": planned.latest,
    }
