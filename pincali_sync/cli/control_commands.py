"""Commands that stop and resume: pause, resume, cancel."""

from __future__ import annotations

from typing import Annotated

import typer

from pincali_sync.bootstrap import Services, build_runner
from pincali_sync.cli.asking import ask, who
from pincali_sync.cli.output import JsonOption, print_json
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier

TierOption = Annotated[
    str | None, typer.Option(metavar="N", help="One tier; without it, all of them.")
]


def pause(
    tier: TierOption = None,
    reason: Annotated[str, typer.Option(help="Shown to whoever wonders.")] = "by request",
    as_json: JsonOption = False,
) -> None:
    """Stop a tier, or everything, until `resume`; running jobs are stopped at the next tick."""
    chosen = None if tier is None else Tier.parse(tier)
    paused = ask(lambda services: services.pauses.pause(chosen, reason=reason, paused_by=who()))
    scope = "everything" if chosen is None else f"tier {chosen.value}"
    if as_json:
        print_json({"paused": paused, "scope": scope})
    else:
        typer.echo(f"{scope} is paused." if paused else f"{scope} was paused already.")


def resume(tier: TierOption = None, as_json: JsonOption = False) -> None:
    """End a tier's pause, or all pauses; open runs go on at the next tick."""
    chosen = None if tier is None else Tier.parse(tier)
    scopes = ask(lambda services: services.pauses.resume(chosen))
    if as_json:
        print_json({"resumed": scopes})
    else:
        typer.echo(f"Resumed: {', '.join(scopes)}." if scopes else "Nothing was paused.")


def cancel(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or how it begins.")],
    as_json: JsonOption = False,
) -> None:
    """End an open run and stop its jobs; what it queued stays queued."""

    async def work(services: Services) -> SyncRun:
        found = await services.insights.find_run(run)
        async with services.lock.held():
            return await services.orchestrator(build_runner(services.config)).cancel(found.id)

    cancelled = ask(work)
    if as_json:
        print_json(cancelled)
    else:
        typer.echo(f"Run {cancelled.id} of tier {cancelled.tier_level} is cancelled.")
