"""The data: what no constraint can hold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from pincali_sync.db.repositories.health.consistency import Disagreement
from pincali_sync.doctor.check import FIX, Check, Finding, Level, Needs, Patient, ok, warn
from pincali_sync.language import N_, _
from pincali_sync.services.site.pauses import explain

# Ticks and workers see to it within some minutes: what is left after an hour is left for good.
_SILENCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """What a disagreement is called, and what it means."""

    name: str
    wrong: str  # after the number of rows
    well: str
    remedy: str = FIX
    level: Level = Level.WARN


_D = Disagreement
_RULES = {
    _D.QUEUED_WITHOUT_RECORD: _Rule(
        name="queue records",
        wrong=N_("open queue rows name no record that is there"),
        well=N_("every open queue row names a record"),
    ),
    _D.FORGOTTEN_OUTSIDE: _Rule(
        name="queue outside",
        wrong=N_("listings want a visit, and neither the queue nor queue_outside knows"),
        well=N_("all that wants a visit waits for one"),
        level=Level.BAD,
    ),
    _D.LAPSED_LEASE: _Rule(
        name="queue leases",
        wrong=N_("pages are leased to workers that are silent for over an hour"),
        well=N_("every lease has a worker"),
    ),
    _D.ALIAS_OF_NOTHING: _Rule(
        name="aliases",
        wrong=N_("aliases lead to a record that is not there"),
        well=N_("every alias leads to a record"),
        remedy=N_(
            "`SELECT * FROM property_aliases`: was a backup restored in part? The next sighting "
            "makes a record of that id again"
        ),
    ),
    _D.NEVER_LOOKED_AT: _Rule(
        name="removals looked at",
        wrong=N_("listings are missing for long, and nobody looked at their pages"),
        well=N_("every listing missing for long was looked at"),
        remedy=N_("`history`: does the verify step fail? Then `removals unsettled`"),
    ),
    _D.SEEN_SINCE_MISSED: _Rule(
        name="removals seen",
        wrong=N_("listings are likely removed although they were seen since"),
        well=N_("what is likely removed was not seen since"),
        remedy=N_("`pincali-sync doctor --fix`: their next card is read anew"),
    ),
    _D.OLD_HELD_BATCH: _Rule(
        name="removals held",
        wrong=N_("batches of removals are held for so long that their proofs are void"),
        well=N_("none is held for too long"),
        remedy=N_("`removals list`, then `removals approve ID` or `reject ID`"),
    ),
    _D.SILENT_JOB: _Rule(
        name="jobs",
        wrong=N_("jobs are open and silent for over an hour"),
        well=N_("every open job is alive"),
    ),
    _D.SESSION_OF_NOBODY: _Rule(
        name="sessions",
        wrong=N_("sessions are open, and no run or job works in them"),
        well=N_("every open session is worked in"),
    ),
    _D.STUCK_RUN: _Rule(
        name="runs",
        wrong=N_("runs are open and did not move for a day"),
        well=N_("no run is stuck"),
        remedy=N_("`history RUN` says where; `cancel RUN` gives it up, its queue stays"),
    ),
    _D.LOCK_WITHOUT_END: _Rule(
        name="locks",
        wrong=N_("locks that a clock that was ahead took end in more than an hour"),
        well=N_("none outlasts its holder"),
        level=Level.BAD,
    ),
    _D.UNNUMBERED_CHANGE: _Rule(
        name="feed",
        wrong=N_("changes wait for over an hour for their place in the feed"),
        well=N_("every change has its place"),
        remedy=N_("a tick numbers them: is cron calling the tier runner? (`cron`)"),
    ),
}


async def _look(patient: Patient, disagreement: Disagreement, rule: _Rule) -> Finding:
    now = patient.services.clock.now()
    number = await patient.ask(
        lambda tx: tx.consistency.count(disagreement, now=now, silence=_SILENCE)
    )
    if not number:
        return ok(_(rule.well))
    what = f"{_(rule.wrong)}: {number:,}"
    return Finding(level=rule.level, what=what, remedy=_(rule.remedy))


async def _mend(patient: Patient, disagreement: Disagreement) -> str:
    now = patient.services.clock.now()
    number = await patient.do(
        lambda tx: tx.consistency.mend(disagreement, now=now, silence=_SILENCE)
    )
    return _put_right(number)


async def _end_silent_jobs(patient: Patient) -> str:
    """As ticks do: their sessions end with them."""
    now = patient.services.clock.now()
    ended = await patient.do(
        lambda tx: tx.jobs.give_up_forgotten(heard_before=now - _SILENCE, now=now)
    )
    return _put_right(len(ended))


def _put_right(number: int) -> str:
    count = f"{number:,}"
    return _("rows put right: %(number)s", number=count) if number else ""


def _mend_of(disagreement: Disagreement) -> Callable[[Patient], Awaitable[str]] | None:
    if disagreement is _D.SILENT_JOB:
        return _end_silent_jobs
    return partial(_mend, disagreement=disagreement) if disagreement.value.mend else None


def _check(disagreement: Disagreement, rule: _Rule) -> Check:
    return Check(
        name=rule.name,
        look=partial(_look, disagreement=disagreement, rule=rule),
        needs=Needs.SCHEMA,
        mend=_mend_of(disagreement),
        beside_runner=disagreement is _D.LOCK_WITHOUT_END,
    )


CONSISTENCY: tuple[Check, ...] = tuple(_check(each, rule) for each, rule in _RULES.items())


async def pauses(patient: Patient) -> Finding:
    """What rests, and why."""
    found = await patient.ask(lambda tx: tx.pauses.in_force())
    if not found:
        return ok(_("nothing is paused"))
    said = "; ".join(map(explain, found))
    return warn(said, _("`pincali-sync resume`, once the reason is gone"))


async def incidents(patient: Patient) -> Finding:
    """What is the matter by the alert rules, as the last tick saw."""
    found = await patient.ask(lambda tx: tx.incidents.open())
    if not found:
        return ok(_("none is open"))
    names = ", ".join(dict.fromkeys(each.alert for each in found))
    what = _("open: %(alerts)s", alerts=names)
    return warn(what, _("`pincali-sync alerts`; the runbook says what each means"))
