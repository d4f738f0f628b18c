"""Commands that only look: history, alerts, queue-stats, manifest-stats."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask, ask_database
from pincali_sync.cli.output import (
    Field,
    JsonOption,
    LimitOption,
    Name,
    echo,
    field_of,
    print_facts,
    print_json,
    print_table,
    show_records,
    tier_option,
)
from pincali_sync.cli.run_views import print_history, show_scan
from pincali_sync.config import load_config
from pincali_sync.db.repositories.insights.history import Incident
from pincali_sync.db.repositories.scan.manifest import ManifestStats
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import ExitStatus, UsageError
from pincali_sync.language import N_, _
from pincali_sync.moments import instant
from pincali_sync.notify import AppriseNotifier
from pincali_sync.services.insights.snapshot import RUNNER, is_silent


def history(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="One run's scan, by how its id begins.")
    ] = None,
    tier: Annotated[Tier | None, tier_option("Of one tier only.")] = None,
    limit: LimitOption = 20,
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
        _send_test(as_json=as_json)
        return
    incidents, last_tick, now = ask(_read_incidents)
    if as_json or incidents:
        show_records(_("Open incidents"), _INCIDENT_COLUMNS, incidents, as_json=as_json)
    if is_silent(last_tick, now):
        echo(_silence(last_tick), err=as_json)
    elif not (as_json or incidents):
        seen = instant(last_tick)
        echo(_("Nothing is the matter, as far as the last tick saw (%(when)s).", when=seen))


async def _read_incidents(
    services: Services,
) -> tuple[Sequence[Incident], datetime | None, datetime]:
    """What is open, when the tier runner last judged that, and the time now."""
    async with services.db.transaction() as tx:
        last_tick = await tx.history.last_beat(RUNNER)
        return await tx.incidents.open(), last_tick, services.clock.now()


def _silence(last_tick: datetime | None) -> str:
    """What the dashboard says of a tier runner that is silent, too."""
    told = _("The tier runner never did its work on this database. No alert is judged without it.")
    if last_tick:
        told = _(
            "The tier runner last did its work at %(when)s. No alert is judged without it.",
            when=instant(last_tick),
        )
    remedy = _("Is cron calling scripts/tier_runner.py? Run it by hand: it says what is wrong.")
    return f"{told} {remedy}"


def _send_test(*, as_json: bool) -> None:
    targets = load_config().alert_targets
    if not targets:
        raise UsageError(_("ALERT_URLS is not set: there is nobody to tell"))
    title, body = _("Pincali Sync: test"), _("This is a test: nothing is wrong.")
    took = asyncio.run(AppriseNotifier(targets).tell_each(title, body))
    if as_json:
        print_json([{"place": place, "took": each} for place, each in enumerate(took, 1)])
    elif all(took):
        echo(_("Sent: every target took it."))
    else:
        left = ", ".join(str(place) for place, each in enumerate(took, 1) if not each)
        echo(_("Of ALERT_URLS, these did not take it: entry %(places)s.", places=left), err=True)
    if not all(took):
        raise typer.Exit(ExitStatus.FAILED)


def queue_stats(as_json: JsonOption = False) -> None:
    """Show the queue of detail pages."""
    stats = ask(lambda services: services.queue.get_queue_stats())
    if as_json:
        print_json(stats)
        return
    print_facts(
        _("Queue"), {name: field_of(stats, field) for name, field in _QUEUE_COLUMNS.items()}
    )
    if stats.by_priority:
        priorities, rows = stats.by_priority.items(), N_("rows")
        print_table(_("Open, by priority"), (N_("priority"), rows), priorities)
        reasons = ((Name(reason), count) for reason, count in stats.by_reason.items())
        print_table(_("Open, by reason"), (N_("reason"), rows), reasons)


def manifest_stats(as_json: JsonOption = False) -> None:
    """Show the manifest."""
    stats = ask(_read_manifest_stats)
    if as_json:
        print_json(stats)
        return
    print_facts(
        _("Manifest"), {name: field_of(stats, field) for name, field in _MANIFEST_COLUMNS.items()}
    )
    sources = ((Name(source), count) for source, count in stats.by_source.items())
    print_table(_("Ever seen in"), (N_("source"), N_("listings")), sources)


async def _read_manifest_stats(services: Services) -> ManifestStats:
    now = services.clock.now()
    return await services.db.run(lambda tx: tx.manifest.stats(now=now))


_QUEUE_COLUMNS = {
    N_("pending"): "pending_count",
    N_("in progress"): "in_progress_count",
    N_("completed today"): "completed_today",
    N_("failed today"): "failed_today",
    N_("set aside"): "failed_count",
}
_INCIDENT_COLUMNS: dict[str, Field] = {
    N_("alert"): "alert",
    N_("severity"): lambda incident: Name(incident.severity),
    N_("since"): "opened_at",
    N_("told"): "announced_at",
    N_("what"): "told",
}
_MANIFEST_COLUMNS = {
    N_("listings"): "total",
    N_("new"): "new",
    N_("waiting"): "waiting_for_scrape",
    N_("price changed"): "price_changed",
    N_("with id"): "with_public_id",
    N_("seen last day"): "seen_last_day",
    N_("newest"): "newest_sighting",
}
