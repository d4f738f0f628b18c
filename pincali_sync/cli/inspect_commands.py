"""Commands that only look: status, history, alerts, queue-stats, manifest-stats."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from pincali_sync.bootstrap import Services, build_runner
from pincali_sync.cli.asking import ask, ask_database
from pincali_sync.cli.output import (
    Field,
    JsonOption,
    echo,
    print_json,
    print_records,
    print_table,
    show_records,
    tier_option,
)
from pincali_sync.cli.run_views import print_history, show_scan, state_of, what_is_wrong
from pincali_sync.config import load_config
from pincali_sync.db.repositories.scan.manifest import ManifestStats
from pincali_sync.db.repositories.site.pace import refused_since
from pincali_sync.domain.estimates import FullScan
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import ExitStatus, UsageError
from pincali_sync.moments import instant
from pincali_sync.notify import AppriseNotifier
from pincali_sync.rendering.formats import duration
from pincali_sync.services.insights.snapshot import RUNNER
from pincali_sync.services.scheduler_service import TierSchedule
from pincali_sync.services.site.pauses import explain as explain_pause
from pincali_sync.variables import LOCAL_RUNNER


def status(as_json: JsonOption = False) -> None:
    """Show each tier's last and next run, the nodes, what is paused, and the live table."""
    state = ask(_read_status)
    if as_json:
        print_json({**state, "tiers": list(map(_plain_tier, state["tiers"]))})
        return
    print_table("Tiers", _TIER_COLUMNS, map(_tier_row, state["tiers"]))
    echo(f"The tier runner last did its work: {_seen(state['last_tick_at'])}.")
    if any(node.node != LOCAL_RUNNER for node in state["nodes"]):
        print_records("Nodes", _NODE_COLUMNS, state["nodes"])
    for planned in state["tiers"]:
        if planned.is_running and (wrong := what_is_wrong(planned.latest)):
            echo(f"tier {planned.tier.value} is held up: {wrong}")
    for pause in state["pauses"]:
        echo(explain_pause(pause))
    for incident in state["incidents"]:
        told = "" if incident.announced_at else " (nobody was told yet)"
        echo(f"{incident.severity} {incident.alert}{told}: {incident.message}")
    print_table("Live table", ("listing status", "rows"), state["live"].items())
    if state["as_of"]:
        print_records("Known as of", _AGE_COLUMNS, state["as_of"])
    if state["known_by_url"]:
        echo(f"Known by their URL in the sitemap alone: {state['known_by_url']} listings.")
    if (cap := state["page_cap"]) is not None:
        echo(f"The site shows {cap} pages of a query, as a scan saw.")
    if scan := _full_scan(state["tiers"], cap):
        echo(
            f"A full scan reads {scan.pages:,} listing pages of {scan.cards_a_page} cards: "
            f"{duration(scan.seconds)} at this pace."
        )
    if (waiting := state["missing_for_long"]).unsettled or waiting.off_market:
        echo(
            f"Of those likely removed {waiting.unsettled} wait for a person and "
            f"{waiting.off_market} are off the market: `pincali-sync removals unsettled`."
        )


async def _read_status(services: Services) -> dict[str, Any]:
    scheduler = services.scheduler(build_runner(services.config))
    schedule = await scheduler.get_schedule_status()
    async with services.db.transaction() as tx:
        return {
            "tiers": schedule.tiers,
            "pauses": schedule.pauses,
            "pages_refused_since": refused_since(schedule.pauses),
            "live": await tx.live.counts(),
            "as_of": await tx.ages.of_all(),
            "known_by_url": await tx.ages.known_by_url(),
            "missing_for_long": await tx.missing.waiting(),
            "incidents": await tx.incidents.open(),
            "page_cap": await tx.pace.page_cap(services.config.site_host),
            "nodes": await tx.nodes.all(),
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


def alerts(
    test: Annotated[
        bool, typer.Option("--test", help="Send a test message to ALERT_URLS instead.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what is the matter now, or try whether people can be told."""
    if test:
        _send_test()
        return
    incidents = ask_database(lambda tx: tx.incidents.open())
    if as_json or incidents:
        show_records("Open incidents", _INCIDENT_COLUMNS, incidents, as_json=as_json)
    else:
        last_tick = ask_database(lambda tx: tx.history.last_beat(RUNNER))
        echo(f"Nothing is the matter, as far as the last tick saw ({_seen(last_tick)}).")


def _send_test() -> None:
    targets = load_config().alert_targets
    if not targets:
        raise UsageError("ALERT_URLS is not set: there is nobody to tell")
    told = asyncio.run(
        AppriseNotifier(targets).tell("Pincali Sync: test", "This is a test: nothing is wrong.")
    )
    if not told:
        echo("No target took the message: see the log for which.", err=True)
        raise typer.Exit(ExitStatus.FAILED)
    echo("Sent. A target that did not take it is named in the log by its place.")


def queue_stats(as_json: JsonOption = False) -> None:
    """Show the queue of detail pages."""
    stats = ask(lambda services: services.queue.get_queue_stats())
    if as_json:
        print_json(stats)
        return
    print_records("Queue", _QUEUE_COLUMNS, [stats])
    print_table("Open, by priority", ("priority", "rows"), stats.by_priority.items())
    print_table("Open, by reason", ("reason", "rows"), stats.by_reason.items())


def manifest_stats(as_json: JsonOption = False) -> None:
    """Show the manifest."""
    stats = ask(_read_manifest_stats)
    if as_json:
        print_json(stats)
        return
    print_records("Manifest", _MANIFEST_COLUMNS, [stats])
    print_table("Ever seen in", ("source", "listings"), stats.by_source.items())


async def _read_manifest_stats(services: Services) -> ManifestStats:
    now = services.clock.now()
    return await services.db.run(lambda tx: tx.manifest.stats(now=now))


_TIER_COLUMNS = ("tier", "state", "last run", "next run", "new", "scraped")
_QUEUE_COLUMNS = {
    "pending": "pending_count",
    "in progress": "in_progress_count",
    "completed today": "completed_today",
    "failed today": "failed_today",
    "set aside": "failed_count",
}
_NODE_COLUMNS: dict[str, Field] = {
    "node": "node",
    "takes jobs": lambda node: "no" if node.objection else "yes",
    "since": "since",
    "version": lambda node: node.version or "its own",
    "running": "running",
    "waiting": "pending",
    "why not": "objection",
}
_AGE_COLUMNS = {"what": "kind", "half of the listings": "median", "19 of 20": "most"}
_INCIDENT_COLUMNS = {
    "alert": "alert",
    "severity": "severity",
    "since": "opened_at",
    "told": "announced_at",
    "what": "message",
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


def _full_scan(tiers: Sequence[TierSchedule], page_cap: int | None) -> FullScan | None:
    """What reading everything takes, by the pages that were declared last."""
    runs = [each.latest for each in tiers if each.latest and each.latest.details.sources]
    if not runs:
        return None
    config, latest = load_config(), max(runs, key=lambda run: run.started_at)
    gap = max(config.site_min_gap_seconds, config.page_delay_seconds)
    cap = page_cap or config.site_page_cap
    scan = FullScan.of(latest.details.sources, page_cap=cap, gap_seconds=gap)
    return scan if scan.cards_a_page else None


def _seen(beat: datetime | None) -> str:
    return instant(beat) if beat else "never"


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
