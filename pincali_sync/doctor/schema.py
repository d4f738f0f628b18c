"""The tables: the right version, with all that holds them together; and who else is in there."""

from __future__ import annotations

from pincali_sync.db.repositories.health.catalog import Part
from pincali_sync.doctor.check import FIX, Finding, Patient, bad, ok, warn
from pincali_sync.exceptions import PincaliSyncError

_READER_SCRIPT = 'psql "$DATABASE_URL" -f scripts/readonly_role.sql'


async def version(patient: Patient) -> Finding:
    """Whether code and tables agree."""
    try:
        await patient.services.db.check_schema()
    except PincaliSyncError as error:
        return bad(str(error).rpartition(": ")[0], "`alembic upgrade head`, of the version you run")
    return ok("as this version needs it")


async def integrity(patient: Patient) -> list[Finding]:
    """Whether every check, key, index and trigger is there and in force."""
    found = [await _about(patient, part) for part in await _lacking(patient)]
    return found or [ok("every check, key, index and trigger is in force")]


async def mend_integrity(patient: Patient) -> str:
    """Adds the checks and keys that no row breaks, and turns triggers on."""
    done = [part.name for part in await _lacking(patient) if await _mend(patient, part)]
    return f"in force again: {', '.join(done)}" if done else ""


async def _lacking(patient: Patient) -> list[Part]:
    return await patient.ask(lambda tx: tx.catalog.lacking())


async def _about(patient: Patient, part: Part) -> Finding:
    if part.condition is not None:
        return await _about_condition(patient, part)
    if part.is_there and not part.statement:
        return bad(f"the trigger {part.name} on {part.table} is turned off", FIX)
    if part.is_there:
        return bad(
            f"the index {part.name} is not valid: its making was stopped",
            f"REINDEX INDEX CONCURRENTLY {part.name}",
        )
    remedy = (
        part.statement
        or "run its CREATE TRIGGER, in migrations/versions (0001, 0007, 0008 or 0015)"
    )
    return bad(f"{part.name} on {part.table} is missing", remedy)


async def _about_condition(patient: Patient, part: Part) -> Finding:
    broken = await patient.ask(lambda tx: tx.catalog.breaking(part))
    if not broken:
        return warn(f"{part.name} is not in force, and no row breaks it", FIX)
    return warn(
        f"{broken:,} rows of {part.table} break {part.name}, which is therefore not in force",
        f"SELECT * FROM {part.table} WHERE ({part.condition}) IS FALSE; correct them, then {FIX}",
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
    said = [f"{len(found.tables)} tables of others, left alone"] if found.tables else []
    if found.triggers:
        said.append(f"triggers of others run in our transactions: {', '.join(found.triggers)}")
    return ok("; ".join(said) or "nobody else's")


async def reader(patient: Patient) -> Finding:
    """Whether the role that only reads does so, and may read everything."""
    found = await patient.ask(lambda tx: tx.catalog.reader())
    if found is None:
        return ok("nobody made one: docs/how-to/consume.md says how")
    if found.writes or found.reads_forgotten:
        what = f"change {found.writes} tables" if found.writes else "read forgotten_people"
        return bad(f"pincali_reader may {what}", _READER_SCRIPT)
    if found.closed:
        return warn(f"pincali_reader may not read {found.closed} tables", _READER_SCRIPT)
    return ok("pincali_reader reads everything, and changes nothing")
