"""`pincali-sync status`: how the tiers, the nodes and the live table are, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pincali_sync.bootstrap import Services, build_runner
from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import (
    Field,
    JsonOption,
    Name,
    console,
    echo_wrapped,
    print_json,
    print_records,
    print_table,
)
from pincali_sync.cli.run_views import state_of
from pincali_sync.config import load_config
from pincali_sync.db.repositories.site.pace import refused_since
from pincali_sync.domain.estimates import FullScan
from pincali_sync.domain.names import tier_name, words
from pincali_sync.language import N_, _, ngettext
from pincali_sync.moments import instant
from pincali_sync.rendering.formats import duration, number
from pincali_sync.services.insights.snapshot import RUNNER
from pincali_sync.services.scheduler_service import TierSchedule
from pincali_sync.services.site.pauses import explain as explain_pause
from pincali_sync.variables import LOCAL_RUNNER

_TIER_COLUMNS = (
    N_("tier"),
    N_("state"),
    N_("last run"),
    N_("next run"),
    N_("new"),
    N_("scraped"),
)
_NODE_COLUMNS: dict[str, Field] = {
    N_("node"): "node",
    N_("takes jobs"): lambda node: _("no") if node.objection else _("yes"),
    N_("since"): "since",
    N_("version"): lambda node: node.version or _("its own"),
    N_("running"): "running",
    N_("waiting"): "pending",
    N_("looked at"): "looked_at",
    N_("why not"): "objection",
}
_AGE_COLUMNS: dict[str, Field] = {
    N_("what"): lambda age: Name(age.kind),
    N_("half of the listings"): "median",
    N_("19 of 20"): "most",
}


def status(as_json: JsonOption = False) -> None:
    """Show each tier's last and next run, the nodes, what is paused, and the live table."""
    state, now = ask(_read)
    if as_json:
        print_json({**state, "tiers": list(map(_plain_tier, state["tiers"]))})
        return
    tiers = (_tier_row(each, now) for each in state["tiers"])
    print_table(_("Tiers"), _TIER_COLUMNS, tiers)
    if any(node.node != LOCAL_RUNNER for node in state["nodes"]):
        print_records(_("Nodes"), _NODE_COLUMNS, state["nodes"])
    live = ((Name(status), count) for status, count in state["live"].items())
    print_table(_("Live table"), (N_("listing status"), N_("rows")), live)
    if state["as_of"]:
        print_records(_("Known as of"), _AGE_COLUMNS, state["as_of"])
    for line in (*_troubles(state), *_facts(state)):
        echo_wrapped(line)


async def _read(services: Services) -> tuple[dict[str, Any], datetime]:
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
        }, services.clock.now()


def _troubles(state: dict[str, Any]) -> list[str]:
    """What keeps work from going on, and what somebody should look at."""
    lines = [
        _("Tier %(tier)s is held up: %(reason)s", tier=planned.tier.value, reason=wrong)
        for planned in state["tiers"]
        if planned.is_running and (wrong := planned.latest.trouble)
    ]
    lines += map(explain_pause, state["pauses"])
    for incident in state["incidents"]:
        told = "" if incident.announced_at else f" ({_('nobody was told yet')})"
        lines.append(f"{words(incident.severity)} {incident.alert}{told}: {incident.told}")
    return lines


def _facts(state: dict[str, Any]) -> list[str]:
    """What else is known in a sentence, and what to do where nothing is."""
    if not state["live"] and all(planned.latest is None for planned in state["tiers"]):
        return [
            _(
                "Nothing was read yet. `pincali-sync first-run` says what reading everything "
                "takes, and does it; later cron calls scripts/tier_runner.py."
            )
        ]
    lines, tick = [], state["last_tick_at"]
    if tick:
        lines.append(_("The tier runner last did its work on %(when)s.", when=instant(tick)))
    else:
        lines.append(
            _("The tier runner never did its work: cron is to call scripts/tier_runner.py.")
        )
    return [*lines, *_of_the_site(state)]


def _of_the_site(state: dict[str, Any]) -> Iterator[str]:
    """What is known of the site and its listings beside the tables."""
    if state["known_by_url"]:
        yield ngettext(
            "Known by its URL in the sitemap alone: %(num)s listing.",
            "Known by their URL in the sitemap alone: %(num)s listings.",
            state["known_by_url"],
        )
    if (cap := state["page_cap"]) is not None:
        yield _("The site shows %(pages)s pages of a query, as a scan saw.", pages=cap)
    if scan := _full_scan(state["tiers"], cap):
        yield ngettext(
            "A full scan reads %(num)s listing page of %(cards)s cards: %(time)s at this pace.",
            "A full scan reads %(num)s listing pages of %(cards)s cards: %(time)s at this pace.",
            scan.pages,
            cards=scan.cards_a_page,
            time=duration(scan.seconds),
        )
    if (waiting := state["missing_for_long"]).unsettled or waiting.off_market:
        yield _(
            "Of those likely removed %(unsettled)s wait for a person and %(off_market)s are "
            "off the market: `pincali-sync removals unsettled`.",
            unsettled=number(waiting.unsettled),
            off_market=number(waiting.off_market),
        )


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


def _tier_row(planned: TierSchedule, now: datetime) -> tuple[Any, ...]:
    run, name = planned.latest, f"{planned.tier.value} {planned.tier.label}"
    if console.is_terminal:
        name = tier_name(planned.tier)
    upcoming: datetime | str = _("not enabled")
    if planned.enabled:
        due = planned.next_run_at
        upcoming = due if due and due > now else _("now")
    if run is None:
        return (name, _("never ran"), None, upcoming, None, None)
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
