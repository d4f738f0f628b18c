"""One examination: every check in turn, none of which can break it; and what is mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from pincali_sync.doctor.check import FIX, Check, Finding, Level, Needs, Patient, bad
from pincali_sync.exceptions import DatabaseUnavailableError, LockedError, PincaliSyncError, line_of
from pincali_sync.language import _
from pincali_sync.services.runs.runner_lock import runner_lock

_PATIENCE_SECONDS = 45.0  # with one check


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is told of a check."""

    check: str
    finding: Finding
    mendable: bool  # by `--fix`
    mended: str = ""  # what was done just now


async def examine(
    patient: Patient, checks: Sequence[Check], *, fix: bool = False
) -> AsyncIterator[Line]:
    """Lines as they come. What cannot be looked at is bad; what that keeps from being looked at is
    told in one line."""
    reached, left_out = await _reached(patient), []
    if isinstance(reached, Finding):
        yield Line(check="database", finding=reached, mendable=False)
        reached = Needs.NOTHING
    for check in checks:
        if check.needs > reached:
            left_out.append(check.name)
            continue
        for line in await _examine_one(patient, check, fix=fix):
            yield line
    if left_out:
        names = ", ".join(left_out)
        if reached is Needs.NOTHING:
            what = _("not looked at, for want of the database: %(checks)s", checks=names)
        else:
            what = _("not looked at, for want of this version's tables: %(checks)s", checks=names)
        finding = bad(what, _("see above"))
        yield Line(check="left out", finding=finding, mendable=False)


async def _reached(patient: Patient) -> Needs | Finding:
    """What is there for checks to look at."""
    try:
        await patient.services.db.check_schema()
    except DatabaseUnavailableError as error:
        what, __, remedy = str(error).rpartition(". ")
        return bad(what, remedy)
    except PincaliSyncError:
        return Needs.DATABASE
    except Exception as error:  # noqa: BLE001  # whatever it is, somebody must know
        what = _("the database cannot be asked: %(reason)s", reason=_said(error))
        return bad(what, _("see to the database"))
    return Needs.SCHEMA


async def _examine_one(patient: Patient, check: Check, *, fix: bool) -> list[Line]:
    findings, mended = await _look(patient, check), ""
    if fix and check.mend and any(each.level is not Level.OK for each in findings):
        mended = await _mend(patient, check)
        findings = await _look(patient, check)
    return [
        Line(
            check=check.name,
            finding=each,
            mendable=FIX in each.remedy,
            mended=mended if place == 0 else "",
        )
        for place, each in enumerate(findings)
    ]


async def _look(patient: Patient, check: Check) -> list[Finding]:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            found = await check.look(patient)
    except TimeoutError:
        what = _("no answer within %(seconds)g s", seconds=_PATIENCE_SECONDS)
        return [bad(what, _("look at what it asks"))]
    except PincaliSyncError as error:
        what, __, remedy = str(error).partition(": ")
        if what.isupper():  # a variable, and what is wrong with it
            return [bad(str(error), _("correct %(variable)s", variable=what))]
        return [bad(what, remedy or _("see the runbook"))]
    except Exception as error:  # noqa: BLE001  # one check that breaks keeps no other from being made
        what = _("this could not be looked at: %(reason)s", reason=_said(error))
        return [bad(what, _("report it"))]
    return [found] if isinstance(found, Finding) else list(found)


async def _mend(patient: Patient, check: Check) -> str:
    assert check.mend is not None
    try:
        async with _alone(patient, check):
            return await check.mend(patient)
    except LockedError:
        return _("not mended: a tier runner is at work; say it again when its tick is over")
    except Exception as error:  # noqa: BLE001  # what could not be mended is still told
        return _("not mended: %(reason)s", reason=_said(error))


def _alone(patient: Patient, check: Check) -> AbstractAsyncContextManager[object]:
    if check.beside_runner:
        return nullcontext()
    services = patient.services
    return runner_lock(services.db, services.clock, patient.config.job_silence_seconds)


def _said(error: Exception) -> str:
    """Of an error of the database what the driver says, without SQLAlchemy's additions."""
    return line_of(getattr(error, "orig", None) or error)
