"""Who does the work: the tier runner's caller, the nodes, what their jobs left; and who is told."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

from pincali_sync.bootstrap import build_runner
from pincali_sync.doctor.check import FIX, Finding, Patient, bad, ok, warn
from pincali_sync.moments import instant
from pincali_sync.notify import AppriseNotifier
from pincali_sync.runner.fetch import fetch_robots
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.insights.snapshot import RUNNER
from pincali_sync.services.ports import NodeLook

_TICK_LATE = timedelta(minutes=15)  # as the alert RunnerSilent
_CALLER = "tier_runner"
_SCHEDULES = ("/etc/crontab", "/etc/cron.d", "/etc/systemd/system", "~/.config/systemd/user")


async def cron(patient: Patient) -> Finding:
    """When the tier runner last did its work, and what is there to call it."""
    now = patient.services.clock.now()
    last = await patient.ask(lambda tx: tx.history.last_beat(RUNNER))
    if last is not None and now - last < _TICK_LATE:
        return ok(f"the last tick was {max(0.0, (now - last).total_seconds()):.0f} s ago")
    said = f"no tick since {instant(last)}" if last else "there was no tick ever"
    callers = await asyncio.to_thread(lambda: list(_callers()))
    if not callers:
        return bad(f"{said}, and nothing is found that calls it", "docs/how-to/cron.md")
    return bad(
        f"{said}, though {callers[0]} calls it",
        "`python scripts/tier_runner.py` by hand says what is wrong; else cron's mail",
    )


def _callers() -> Iterator[str]:
    """What calls the tier runner, as far as this user may see."""
    with suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(
            ["crontab", "-l"], capture_output=True, text=True, check=False, timeout=5
        )
        if _CALLER in listed.stdout:
            yield "a crontab"
    for place in (Path(each).expanduser() for each in _SCHEDULES):
        for file in [place, *sorted(place.glob("*"))]:
            with suppress(OSError, UnicodeDecodeError):
                if _CALLER in file.read_text():
                    yield str(file)


async def nodes(patient: Patient) -> list[Finding]:
    """Whether each can take jobs, of this version."""
    return [_about_node(seen) for seen in await build_runner(patient.config).look()]


def _about_node(seen: NodeLook) -> Finding:
    if seen.objection is not None:
        what, _, remedy = seen.objection.partition(": ")
        return bad(what, remedy)
    version = f", version {seen.version}" if seen.version else ""
    return ok(f"{seen.node} takes jobs{version}; {seen.running} run, {seen.pending} wait")


async def job_files(patient: Patient) -> Finding:
    """Whether process ids are written down that are no job's any more."""
    left = await asyncio.to_thread(LocalJobRunner(patient.config).left_behind)
    if not left:
        return ok("no process id of a job that ended is left")
    return warn(f"files of jobs that ended: {len(left)}", FIX)


async def mend_job_files(patient: Patient) -> str:
    """Deletes them; logs stay."""
    left = await asyncio.to_thread(LocalJobRunner(patient.config).left_behind)
    for file in left:
        file.unlink(missing_ok=True)
    return f"files deleted: {len(left)}" if left else ""


async def alerts(patient: Patient) -> Finding:
    """Whether there is anybody to tell."""
    targets = patient.config.alert_targets
    AppriseNotifier(targets).check()
    if not targets:
        return warn(
            "nobody is told when something is wrong", "set ALERT_URLS (docs/how-to/monitoring.md)"
        )
    return ok(f"targets of ALERT_URLS: {len(targets)}; `pincali-sync alerts --test` tries it")


async def site(patient: Patient) -> Finding:
    """Whether the site answers: its robots.txt, in our turn."""
    services, config = patient.services, patient.config
    await services.pauses.check()
    robots = await fetch_robots(config, partial(services.pace.wait_for_turn))
    if robots.unreadable:
        return bad(robots.unreadable, "the runbook, What a message means, the site")
    objection = robots.objection(f"{config.pincali_base_url}/en/home/any", config.user_agents[0])
    return bad(objection, "ask the site") if objection else ok("robots.txt is read, and lets us in")
