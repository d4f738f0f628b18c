"""All that is looked at, in the order in which it is told."""

from __future__ import annotations

from pincali_sync.doctor import data, database, machine, schema, work
from pincali_sync.doctor.check import Check, Needs

_DATABASE, _SCHEMA = Needs.DATABASE, Needs.SCHEMA

CHECKS: tuple[Check, ...] = (
    Check(name="account", look=machine.account, mend=machine.mend_account),
    Check(name="home", look=machine.home),
    Check(name="old servers", look=machine.old_servers),
    Check(name="browser", look=machine.browser),
    Check(name="cookies", look=machine.cookies, mend=machine.mend_cookies),
    Check(name="headers", look=machine.headers, mend=machine.mend_headers),
    Check(name="alerts", look=work.alerts),
    Check(name="nodes", look=work.nodes),
    Check(name="job files", look=work.job_files, mend=work.mend_job_files),
    Check(name="server", look=database.server, needs=_DATABASE),
    Check(name="role", look=database.role, needs=_DATABASE),
    Check(name="pooler", look=database.pooler, needs=_DATABASE),
    Check(name="connections", look=database.connections, needs=_DATABASE),
    Check(name="vacuum", look=database.vacuum, needs=_DATABASE),
    Check(name="transactions", look=database.transactions, needs=_DATABASE),
    Check(name="clock", look=database.clock, needs=_DATABASE),
    Check(name="database disk", look=machine.database_disk, needs=_DATABASE),
    Check(name="schema", look=schema.version, needs=_DATABASE),
    Check(name="integrity", look=schema.integrity, needs=_SCHEMA, mend=schema.mend_integrity),
    Check(name="strangers", look=schema.strangers, needs=_SCHEMA),
    Check(name="reader", look=schema.reader, needs=_SCHEMA),
    Check(name="cron", look=work.cron, needs=_SCHEMA),
    Check(name="pauses", look=data.pauses, needs=_SCHEMA),
    Check(name="incidents", look=data.incidents, needs=_SCHEMA),
    *data.CONSISTENCY,
)
SITE = Check(name="site", look=work.site, needs=_SCHEMA)  # only when it is asked for
