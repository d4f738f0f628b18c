"""Commands that only look: status, history, queue-stats, manifest-stats."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from pincali_sync.bootstrap import Services, build_runner
from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import JsonOption, print_json, print_table
from pincali_sync.cli.scan_view import show_scan
from pincali_sync.db.repositories.insights.incidents import Incident
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.insights.snapshot import RUNNER
from pincali_sync.services.scheduler_service import ScheduleStatus, TierSchedule
from pincali_sync.services.site.pauses import explain as explain_pause


def status(as_json: JsonOption = False) -> None:
    """Show each tier's last and next run, what is paused, and the live table."""
    schedule, latest, live, incidents, last_tick = ask(_read_status)
    tiers = [(planned, latest[planned.tier]) for planned in schedule.tiers]
    if as_json:
        print_json(
            {
                "tiers": [
                    {**_as_dict(planned), "latest_run": latest_run} for planned, latest_run in tiers
                ],
                "pauses": schedule.pauses,
                "live": live,
                "incidents": incidents,
                "last_tick_at": last_tick,
            }
        )
        return
    columns = ("tier", "state", "last run", "next run", "new", "scraped")
    print_table("Tiers", columns, [_tier_row(*each) for each in tiers])
    seen = f"{last_tick:%Y-%m-%d %H:%M} UTC" if last_tick else "never"
    typer.echo(f"The tier runner last did its work: {seen}.")
    for pause in schedule.pauses:
        typer.echo(explain_pause(pause))
    for incident in incidents:
        told = "" if incident.announced_at else " (nobody was told yet)"
        typer.echo(f"{incident.severity} {incident.alert}{told}: {incident.message}")
    print_table("Live table", ("listing status", "rows"), live.items())


async def _read_status(
    services: Services,
) -> tuple[
    ScheduleStatus, dict[Tier, SyncRun | None], dict[str, int], list[Incident], datetime | None
]:
    scheduler = services.scheduler(build_runner(services.config))
    schedule = await scheduler.get_schedule_status()
    async with services.db.transaction() as tx:
        return (
            schedule,
            {tier: await tx.runs.latest(tier.value) for tier in Tier},
            await tx.live.counts(),
            await tx.incidents.open(),
            (await tx.history.heartbeats()).get(RUNNER),
        )


def history(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="One run's scan, by how its id begins.")
    ] = None,
    tier: Annotated[str | None, typer.Option(metavar="N", help="Of one tier only.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the latest runs, or what one run's scan is worth."""
    if run is not None:
        show_scan(ask(lambda services: services.insights.find_run(run)), as_json=as_json)
        return
    level = None if tier is None else Tier.parse(tier).value
    runs = ask(
        lambda services: services.db.run(lambda tx: tx.runs.recent(tier_level=level, limit=limit))
    )
    if as_json:
        print_json(runs)
        return
    columns = ("run", "tier", "started", "state", "pages", "new", "prices", "missing", "removed",
               "scraped", "errors", "certified")  # fmt: skip
    print_table("Runs", columns, map(_history_row, runs))
    for each in runs:
        if each.error_summary:
            typer.echo(f"{str(each.id)[:8]}: {each.error_summary}")


def queue_stats(as_json: JsonOption = False) -> None:
    """Show the queue of detail pages."""
    stats = ask(
        lambda services: services.db.run(lambda tx: tx.queue.stats(now=services.clock.now()))
    )
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
    stats = ask(
        lambda services: services.db.run(lambda tx: tx.manifest.stats(now=services.clock.now()))
    )
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


def _tier_row(planned: TierSchedule, run: SyncRun | None) -> tuple[Any, ...]:
    name = f"{planned.tier.value} {planned.tier.label}"
    upcoming = planned.next_run_at if planned.enabled else "not enabled"
    if run is None:
        return (name, "never ran", None, upcoming, None, None)
    return (
        name,
        run.status if run.status != "running" else f"running: {run.step}",
        run.started_at,
        upcoming,
        run.new_properties_found,
        run.properties_scraped,
    )


def _as_dict(planned: TierSchedule) -> dict[str, Any]:
    return {
        "tier": planned.tier.value,
        "name": planned.tier.label,
        "enabled": planned.enabled,
        "running": planned.is_running,
        "last_run_at": planned.last_run_at,
        "next_run_at": planned.next_run_at,
    }


def _history_row(run: SyncRun) -> tuple[Any, ...]:
    certificates = run.details.certificates
    return (
        str(run.id)[:8],
        str(run.tier_level),
        run.started_at,
        run.status if run.status != "running" else f"running: {run.step}",
        run.pages_scanned,
        run.new_properties_found,
        run.price_changes_detected,
        run.removals_detected,
        run.details.removed,
        run.properties_scraped,
        run.error_count,
        f"{sum(each.certified for each in certificates)} of {len(certificates)}"
        if certificates
        else None,
    )
