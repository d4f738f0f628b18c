"""The tables: the right version, with all that holds them together; and who else is in there."""

from __future__ import annotations

from pincali_sync.db.repositories.health.catalog import Part
from pincali_sync.db.repositories.health.columns import Misfit
from pincali_sync.doctor.check import FIX, Finding, Patient, bad, ok, warn
from pincali_sync.exceptions import PincaliSyncError
from pincali_sync.language import _, ngettext


async def version(patient: Patient) -> Finding:
    """Whether code and tables agree."""
    try:
        await patient.services.db.check_schema()
    except PincaliSyncError as error:
        remedy = _("`alembic upgrade head`, of the version you run")
        return bad(str(error).rpartition(": ")[0], remedy)
    return ok(_("as this version needs it"))


async def integrity(patient: Patient) -> list[Finding]:
    """Whether every check, key, index and trigger is in force, and columns hold what they must."""
    found = [await _about(patient, part) for part in await _lacking(patient)]
    found += map(_about_column, await patient.ask(lambda tx: tx.catalog.misfits()))
    return found or [ok(_("every check, key, index and trigger is in force"))]


def _about_column(misfit: Misfit) -> Finding:
    of = {
        "table": misfit.table,
        "column": misfit.column,
        "found": misfit.found,
        "wanted": misfit.wanted,
    }
    remedy = _("at a quiet time, for it may rewrite the table: %(it)s", it=misfit.statement)
    if misfit.is_narrow:
        what = _("%(table)s.%(column)s is %(found)s, which holds less than %(wanted)s", **of)
        return warn(what, remedy)
    return bad(_("%(table)s.%(column)s is %(found)s instead of %(wanted)s", **of), remedy)


async def mend_integrity(patient: Patient) -> str:
    """Adds the checks and keys that no row breaks, and turns triggers on."""
    done = [part.name for part in await _lacking(patient) if await _mend(patient, part)]
    return _("in force again: %(names)s", names=", ".join(done)) if done else ""


async def _lacking(patient: Patient) -> list[Part]:
    return await patient.ask(lambda tx: tx.catalog.lacking())


async def _about(patient: Patient, part: Part) -> Finding:
    if part.condition is not None:
        return await _about_condition(patient, part)
    if part.is_there and not part.statement:
        what = _(
            "the trigger %(name)s on %(table)s is turned off", name=part.name, table=part.table
        )
        return bad(what, FIX)
    if part.is_there:
        return bad(
            _("the index %(name)s is not valid: its making was stopped", name=part.name),
            f"REINDEX INDEX CONCURRENTLY {part.name}",
        )
    remedy = part.statement or _(
        "run its CREATE TRIGGER, in migrations/versions (0001, 0007, 0008 or 0015)"
    )
    what = _("%(name)s on %(table)s is missing", name=part.name, table=part.table)
    return bad(what, remedy)


async def _about_condition(patient: Patient, part: Part) -> Finding:
    broken = await patient.ask(lambda tx: tx.catalog.breaking(part))
    if not broken:
        return warn(_("%(name)s is not in force, and no row breaks it", name=part.name), FIX)
    return warn(
        ngettext(
            "%(num)s row of %(table)s breaks %(name)s, which is therefore not in force",
            "%(num)s rows of %(table)s break %(name)s, which is therefore not in force",
            broken,
            table=part.table,
            name=part.name,
        ),
        _(
            "SELECT * FROM %(table)s WHERE (%(condition)s) IS FALSE; correct them, then "
            "`pincali-sync doctor --fix`",
            table=part.table,
            condition=part.condition,
        ),
    )


async def _mend(patient: Patient, part: Part) -> bool:
    if part.condition is None:
        if part.statement or not part.is_there:
            return False
        await patient.do(lambda tx: tx.catalog.turn_on(part))
        return True
    if await patient.ask(lambda tx: tx.catalog.breaking(part)):
        return False
    if not part.is_there:
        await patient.do(lambda tx: tx.catalog.add(part))
    await patient.do(lambda tx: tx.catalog.prove(part))
    return True


async def strangers(patient: Patient) -> Finding:
    """What others keep beside our tables, and have run when those change."""
    found = await patient.ask(lambda tx: tx.catalog.strangers())
    said, tables = [], len(found.tables)
    if tables:
        said.append(
            ngettext(
                "%(num)s table of others, left alone",
                "%(num)s tables of others, left alone",
                tables,
            )
        )
    if found.triggers:
        names = ", ".join(found.triggers)
        said.append(_("triggers of others run in our transactions: %(names)s", names=names))
    return ok("; ".join(said) or _("nobody else's"))


async def reader(patient: Patient) -> Finding:
    """Whether the role that only reads does so, and may read everything."""
    found = await patient.ask(lambda tx: tx.catalog.reader())
    if found is None:
        return ok(_("nobody made one: docs/how-to/consume.md says how"))
    again = _("run scripts/readonly_role.sql again, as docs/how-to/consume.md says")
    if found.writes or found.reads_forgotten:
        what = _("`pincali_reader` may read `forgotten_people`")
        if found.writes:
            what = _("tables that `pincali_reader` may change: %(number)s", number=found.writes)
        return bad(what, again)
    if found.closed:
        what = _("tables that `pincali_reader` may not read: %(number)s", number=found.closed)
        return warn(what, again)
    return ok(_("`pincali_reader` reads everything, and changes nothing"))
