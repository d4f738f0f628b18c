"""Commands that stop and resume: pause, resume, cancel."""

from __future__ import annotations

from typing import Annotated

import typer

from pincali_sync.bootstrap import Services, build_runner
from pincali_sync.cli.asking import ask, who
from pincali_sync.cli.output import JsonOption, say, tier_option
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier

TierOption = Annotated[Tier | None, tier_option("One tier; without it, all of them.")]


def pause(
    tier: TierOption = None,
    reason: Annotated[str, typer.Option(help="Shown to whoever wonders.")] = "by request",
    as_json: JsonOption = False,
) -> None:
    """Stop a tier, or everything, until `resume`; running jobs are stopped at the next tick."""
    paused = ask(lambda services: services.pauses.pause(tier, reason=reason, paused_by=who()))
    scope = "everything" if tier is None else f"tier {tier.value}"
    outcome = f"{scope} is paused." if paused else f"{scope} was paused already."
    say({"paused": paused, "scope": scope}, outcome, as_json=as_json)


def resume(tier: TierOption = None, as_json: JsonOption = False) -> None:
    """End a tier's pause, or all pauses; open runs go on at the next tick."""
    scopes = ask(lambda services: services.pauses.resume(tier))
    outcome = f"Resumed: {', '.join(scopes)}." if scopes else "Nothing was paused."
    say({"resumed": scopes}, outcome, as_json=as_json)


def cancel(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or how it begins.")],
    as_json: JsonOption = False,
) -> None:
    """End an open run and stop its jobs; what it queued stays queued."""

    async def work(services: Services) -> SyncRun:
        found = await services.insights.find_run(run)
        async with services.lock.held():
            return await services.orchestrator(build_runner(services.config)).cancel(found.id)

    ended = ask(work)
    say(ended, f"Run {ended.id} of tier {ended.tier_level} is cancelled.", as_json=as_json)
