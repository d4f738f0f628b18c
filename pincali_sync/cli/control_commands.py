"""Commands that intervene: in tiers, in runs, and in single pages of the queue."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import typer

from pincali_sync.bootstrap import Services, build_runner, open_services
from pincali_sync.browser.chromium import find_chromium
from pincali_sync.cli.asking import ask, run_until_told, who
from pincali_sync.cli.output import (
    JsonOption,
    echo,
    print_facts,
    print_json,
    say,
    tier_option,
)
from pincali_sync.cli.progress import run_shown
from pincali_sync.config import load_config
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.site.pace import ALL, PAGES, SITEMAP, scope_of
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import BlockedError, ExitStatus
from pincali_sync.language import N_, _
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.ports import JobSpec

TierOption = Annotated[Tier | None, tier_option("One tier; without it, all of them.")]
_SCOPES = {ALL: N_("everything"), PAGES: N_("pages"), SITEMAP: N_("the sitemap")}
_OUTCOMES = ("new", "updated", "unchanged", "rejected", "failed", "gone")


def pause(
    tier: TierOption = None,
    reason: Annotated[str, typer.Option(help="Shown to whoever wonders.")] = "by request",
    as_json: JsonOption = False,
) -> None:
    """Stop everything within seconds, or a tier at the next tick, until `resume`."""
    paused = ask(lambda services: services.pauses.pause(tier, reason=reason, paused_by=who()))
    scope = "everything" if tier is None else f"tier {tier.value}"
    what = _called(scope_of(tier))
    if paused:
        outcome = _("%(what)s is paused.", what=what)
    else:
        outcome = _("%(what)s was paused already.", what=what)
    say({"paused": paused, "scope": scope}, outcome, as_json=as_json)


def _called(scope: str) -> str:
    """What a pause is of: "tier:2" as "tier 2"."""
    if scope in _SCOPES:
        return _(_SCOPES[scope])
    return _("tier %(tier)s", tier=scope.partition(":")[2])


def resume(tier: TierOption = None, as_json: JsonOption = False) -> None:
    """End a tier's pause, or all pauses; open runs go on at the next tick.

    Where the site refused pages, one is asked for first: they rest on if it is not shown.
    """

    async def work(services: Services) -> tuple[list[str], str | None]:
        if tier is not None:
            return await services.pauses.resume(scope_of(tier)), None
        return await services.pauses.resume_all(services.probe)

    scopes, wrong = ask(work)
    nothing = _("Nothing was paused.") if wrong is None else _("Nothing is resumed.")
    resumed = ", ".join(map(_called, scopes))
    outcome = _("Resumed: %(scopes)s.", scopes=resumed) if scopes else nothing
    told = {"resumed": scopes} if wrong is None else {"resumed": scopes, "pages_rest": wrong}
    say(told, outcome, as_json=as_json)
    if wrong is not None:
        raise BlockedError(_("pages rest on: %(reason)s", reason=wrong))


def cancel(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or how it begins.")],
    as_json: JsonOption = False,
) -> None:
    """End an open run and stop its jobs; what it queued stays queued."""

    async def work(services: Services) -> SyncRun:
        found = await services.insights.find_run(run)
        return await services.orchestrator(build_runner(services.config)).cancel(found.id)

    ended = ask(work)
    text = _("Run %(id)s of tier %(tier)s is cancelled.", id=ended.id, tier=ended.tier_level)
    say(ended, text, as_json=as_json)


def process_queue(
    items: Annotated[
        int, typer.Argument(min=1, max=1_000_000, metavar="N", help="How many pages at most.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Fetch up to N queued detail pages now, in this terminal's time."""
    status, outcome = run_until_told(_process_queue(items, quiet=as_json))
    if as_json:
        print_json(outcome)
    else:
        print_facts(_("Queue"), {name: outcome[name] for name in outcome if name != "error"})
    if status:
        echo(f"pincali-sync: {outcome['error']}", err=True)
    raise typer.Exit(status)


async def _process_queue(items: int, *, quiet: bool) -> tuple[int, dict[str, Any]]:
    """The job's exit status, and what it came to.

    Raises:
        BrowserMissingError: when there is none, and one is to be used.
        PausedError: when pages rest already.
    """
    config = load_config()
    if config.detail_transport == "playwright":
        find_chromium(config)  # the job runs here, whatever nodes there are
    async with open_services(config) as services:
        await services.pauses.check()
        job_id = uuid4()
        runner = LocalJobRunner(config)
        job = JobSpec(job_id=job_id, spider="detail", arguments={"max_items": str(items)})
        status = await run_shown(runner, job, _("fetching detail pages"), quiet=quiet)
        async with services.db.transaction() as tx:
            row = await tx.jobs.get(job_id)
        is_resting = status == ExitStatus.PAUSED_OR_BLOCKED
        stopped = await services.pauses.what_stops_pages() if is_resting else None
    stats = {} if row is None else row.stats
    counts = {name: stats.get(f"detail/{name}", 0) for name in _OUTCOMES}
    log = str(runner.log_of(job_id))
    outcome = {"processed": sum(counts.values()), **counts, "log": log, "error": None}
    if status:
        reason = row.finish_reason if row and row.finish_reason else f"status {status}"
        outcome["error"] = str(stopped or f"the job ended with {reason}: see {log}")
    return status, outcome
