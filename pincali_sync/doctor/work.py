"""Who does the work: the tier runner's caller, the nodes, what their jobs left; and who is told."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from pincali_sync.bootstrap import build_runner
from pincali_sync.doctor.check import FIX, Finding, Patient, bad, ok, warn
from pincali_sync.language import _
from pincali_sync.moments import instant
from pincali_sync.notify import AppriseNotifier
from pincali_sync.runner.fetch import fetch_in_turn, fetch_robots
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.insights.snapshot import RUNNER, is_silent
from pincali_sync.services.ports import NodeLook

_CALLER = "tier_runner"
_SCHEDULES = ("/etc/crontab", "/etc/cron.d", "/etc/systemd/system", "~/.config/systemd/user")


async def cron(patient: Patient) -> Finding:
    """When the tier runner last did its work, and what is there to call it."""
    now = patient.services.clock.now()
    last = await patient.ask(lambda tx: tx.history.last_beat(RUNNER))
    if last is not None and not is_silent(last, now):
        seconds = f"{max(0.0, (now - last).total_seconds()):.0f}"
        return ok(_("the last tick was %(seconds)s s ago", seconds=seconds))
    when = instant(last)
    said = _("no tick since %(when)s", when=when) if last else _("there was no tick ever")
    callers = await asyncio.to_thread(lambda: list(_callers()))
    if not callers:
        return bad(
            _("%(tick)s, and nothing is found that calls it", tick=said), "docs/how-to/cron.md"
        )
    return bad(
        _("%(tick)s, though %(caller)s calls it", tick=said, caller=callers[0]),
        _("`.venv/bin/python scripts/tier_runner.py` by hand says what is wrong; else cron's mail"),
    )


def _callers() -> Iterator[str]:
    """What calls the tier runner, as far as this user may see."""
    with suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(
            ["crontab", "-l"], capture_output=True, text=True, check=False, timeout=5
        )
        if _CALLER in listed.stdout:
            yield _("a crontab")
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
        what, __, remedy = seen.objection.partition(": ")
        return bad(what, remedy)
    known = {"node": seen.node, "running": seen.running, "waiting": seen.pending}
    if not seen.version:
        return ok(_("%(node)s takes jobs; %(running)s run, %(waiting)s wait", **known))
    what = _(
        "%(node)s takes jobs, version %(version)s; %(running)s run, %(waiting)s wait",
        version=seen.version,
        **known,
    )
    return ok(what)


async def job_files(patient: Patient) -> Finding:
    """Whether process ids are written down that are no job's any more."""
    left = await asyncio.to_thread(LocalJobRunner(patient.config).left_behind)
    if not left:
        return ok(_("no process id of a job that ended is left"))
    return warn(_("files of jobs that ended: %(number)s", number=len(left)), FIX)


async def mend_job_files(patient: Patient) -> str:
    """Deletes them; logs stay."""
    left = await asyncio.to_thread(LocalJobRunner(patient.config).left_behind)
    for file in left:
        file.unlink(missing_ok=True)
    return _("files deleted: %(number)s", number=len(left)) if left else ""


async def alerts(patient: Patient) -> Finding:
    """Whether there is anybody to tell."""
    targets = patient.config.alert_targets
    AppriseNotifier(targets).check()
    if not targets:
        return warn(
            _("nobody is told when something is wrong"),
            _("set ALERT_URLS (docs/how-to/monitoring.md)"),
        )
    what = _(
        "targets of ALERT_URLS: %(number)s; `pincali-sync alerts --test` tries it",
        number=len(targets),
    )
    return ok(what)


async def site(patient: Patient) -> Finding:
    """Whether the site answers: its robots.txt, in our turn."""
    services, config = patient.services, patient.config
    await services.pauses.check()
    robots = await fetch_robots(config, partial(fetch_in_turn, config, services.pace))
    if robots.unreadable:
        return bad(robots.unreadable, _("the runbook, What a message means, the site"))
    objection = robots.refusal_of_pages(config.pincali_base_url, config.user_agents)
    if objection:
        return bad(objection, _("ask the site"))
    return ok(_("robots.txt is read, and lets us in"))
