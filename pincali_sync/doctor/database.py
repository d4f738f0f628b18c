"""The server: is it there, is it the right kind, does it let us work, does it keep up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic

from pincali_sync.clock import TOLERATED_SECONDS
from pincali_sync.db.repositories.health.server import LongTransaction
from pincali_sync.doctor.check import Finding, Patient, bad, ok, warn
from pincali_sync.language import _

_OLDEST_VERSION = 150_000
_SHORTEST_STATEMENT = timedelta(minutes=5)  # comparisons of a million rows take their time
_FULL, _NEARLY_FULL = 0.95, 0.8
_LONG_SECONDS = 900.0
_FREEZE_LATE = 1_000_000_000  # transactions; at two billion the server stops to write
_CHANNEL = "pincali_sync_doctor"
_HEARD_WITHIN = 2.0  # seconds


async def server(patient: Patient) -> Finding:
    """Version, encoding, and whether it takes what is written."""
    facts = await patient.ask(lambda tx: tx.server.facts())
    if facts.version < _OLDEST_VERSION:
        remedy = _("upgrade it: 15 is the oldest that will do")
        return bad(f"PostgreSQL {facts.version_name}", remedy)
    if facts.encoding != "UTF8":
        return bad(
            _("the database is encoded in %(encoding)s", encoding=facts.encoding),
            _("create it anew with `ENCODING 'UTF8'` and restore a backup into it"),
        )
    if facts.is_read_only:
        return bad(
            _("nothing can be written: a stand-by, or `default_transaction_read_only`"),
            _("let DATABASE_URL lead to the primary, as a role that may write"),
        )
    return ok(f"PostgreSQL {facts.version_name}, {facts.bytes / 1e6:,.0f} MB")


async def role(patient: Patient) -> Finding:
    """Whether the role may do what the program does, and sees all rows."""
    found = await patient.ask(lambda tx: tx.server.role())
    if not found.may_stage:
        return bad(
            _("%(role)s may not make temporary tables", role=found.name),
            _(
                "`GRANT TEMPORARY ON DATABASE … TO %(role)s`, as the database's owner",
                role=found.name,
            ),
        )
    if found.closed:
        return bad(
            _(
                "%(role)s may not read and write %(tables)s",
                role=found.name,
                tables=_some(found.closed),
            ),
            _(
                "`GRANT SELECT, INSERT, UPDATE, DELETE ON … TO %(role)s`, as the tables' owner",
                role=found.name,
            ),
        )
    if found.veiled:
        return bad(
            _(
                "row security hides rows from %(role)s in %(tables)s",
                role=found.name,
                tables=_some(found.veiled),
            ),
            _("work as the tables' owner, or `ALTER TABLE … NO FORCE ROW LEVEL SECURITY`"),
        )
    if found.is_superuser:
        remedy = _("let DATABASE_URL name the tables' owner")
        return warn(_("%(role)s is a superuser", role=found.name), remedy)
    if found.of_others:
        return warn(
            _("%(role)s does not own %(tables)s", role=found.name, tables=_some(found.of_others)),
            _("nothing, if upgrades are run as their owner"),
        )
    return ok(_("%(role)s owns its tables, and is no superuser", role=found.name))


async def pooler(patient: Patient) -> Finding:
    """Whether transactions stay whole, and whether there is a pooler that swallows messages."""
    if not await patient.ask(lambda tx: tx.server.keeps_transactions_together()):
        return bad(
            _("a pooler shares single statements out"),
            _("set `pool_mode = transaction` (PgBouncer), or let DATABASE_URL lead to the server"),
        )
    if await _is_heard(patient):
        return ok(_("transactions stay whole, LISTEN is heard"))
    return ok(
        _("transactions stay whole; behind a pooler, where changes are looked for by the clock")
    )


async def _is_heard(patient: Patient) -> bool:
    async with patient.services.db.listen(_CHANNEL) as bell:
        began, waiting = monotonic(), asyncio.ensure_future(bell.wait(_HEARD_WITHIN))
        await patient.ask(lambda tx: tx.server.notify(_CHANNEL))
        await waiting
        return monotonic() - began < _HEARD_WITHIN


async def connections(patient: Patient) -> Finding:
    """How many are left, and whether statements may take as long as they need."""
    facts = await patient.ask(lambda tx: tx.server.facts())
    said = _(
        "%(part)s of %(whole)s connections in use",
        part=facts.connections,
        whole=facts.most_connections,
    )
    timeout = timedelta(milliseconds=facts.statement_timeout_ms)
    if facts.connections >= facts.most_connections * _FULL:
        remedy = _("raise `max_connections`, put a pooler in front, or stop who holds them")
        return bad(said, remedy)
    if facts.connections >= facts.most_connections * _NEARLY_FULL:
        return warn(said, _("raise `max_connections`, or put a pooler in front"))
    if timedelta(0) < timeout < _SHORTEST_STATEMENT:
        return warn(
            _(
                "`statement_timeout` is %(seconds)g s: comparing scans takes longer",
                seconds=timeout.total_seconds(),
            ),
            _("`ALTER ROLE … SET statement_timeout = 0` for the role of DATABASE_URL"),
        )
    return ok(said)


async def vacuum(patient: Patient) -> Finding:
    """Whether dead rows are cleared away."""
    facts = await patient.ask(lambda tx: tx.server.facts())
    dead = await patient.ask(lambda tx: tx.server.dead_rows())
    if not facts.vacuums_itself:
        remedy = "ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf()"
        return bad(_("autovacuum is off"), remedy)
    if facts.transactions_since_freeze > _FREEZE_LATE:
        since_freeze = f"{facts.transactions_since_freeze:,}"
        return bad(
            _("%(number)s transactions since the last freeze", number=since_freeze),
            _("end what is open for long (see `transactions`), then `VACUUM (FREEZE)`"),
        )
    if dead:
        worst = ", ".join(f"{each.name} {each.dead:,}" for each in dead)
        return warn(
            _("many dead rows: %(tables)s", tables=worst),
            _(
                "`VACUUM (ANALYZE) %(table)s`; does anything hold it up? See `transactions`",
                table=dead[0].name,
            ),
        )
    return ok(_("autovacuum keeps up"))


async def transactions(patient: Patient) -> Finding:
    """Whether any is open for so long that it holds up vacuuming and upgrades."""
    found = await patient.ask(lambda tx: tx.server.long_transactions(_LONG_SECONDS))
    if not found:
        return ok(_("none is open for long"))
    oldest = found[0]
    return warn(
        _(
            "%(number)s open for a quarter of an hour; the oldest: %(oldest)s",
            number=len(found),
            oldest=_shown(oldest),
        ),
        _(
            "nothing, if it is a backup; else `SELECT pg_terminate_backend(%(pid)s)`",
            pid=oldest.pid,
        ),
    )


async def clock(patient: Patient) -> Finding:
    """Whether this machine's clock shows what the database's does, by which all times go."""
    await patient.ask(lambda tx: tx.server.facts())  # so that the time was told
    objection = patient.services.db.clock.objection
    if objection is None:
        return ok(_("within %(seconds)g s of the database's", seconds=TOLERATED_SECONDS))
    what, __, remedy = objection.partition(": ")
    return warn(what, remedy)


def _some(names: Sequence[str]) -> str:
    first = ", ".join(names[:3])
    return (
        _("%(names)s and %(number)s more", names=first, number=len(names) - 3)
        if names[3:]
        else first
    )


def _shown(found: LongTransaction) -> str:
    age = timedelta(seconds=round(found.seconds))
    return f"{found.name}, {found.state or 'unknown'}, {age} (h:mm:ss)"
