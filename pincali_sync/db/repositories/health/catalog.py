"""What holds the tables together, as the models want it and as it is: checks, keys, indexes and
triggers. An upgrade of somebody's database leaves out what their rows break; people drop things."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import CheckConstraint, Constraint, ForeignKeyConstraint, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, CreateIndex

from pincali_sync.db.models import metadata
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.health.columns import TYPES, Misfit, misfits

_TABLES = list(metadata.tables)
# By name, their tables: written in migrations 0001, 0007, 0008 and 0015.
TRIGGERS = {
    "update_properties_live_updated_at": "properties_live",
    "check_listing_status": "properties_live",
    "wake_followers_of_changes": "property_changes",
    "note_new_outside": "property_manifest",
    "note_change_outside": "property_manifest",
    "note_gone_outside": "property_manifest",
    "note_ended_outside": "scrape_queue",
    "note_deleted_outside": "scrape_queue",
}
_OURS = "(SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS t (name))"
_FOUND = f"""
SELECT conname::text AS name, convalidated AS is_well FROM pg_constraint WHERE conrelid IN {_OURS}
 UNION ALL
SELECT c.relname::text, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid IN {_OURS}
 UNION ALL
SELECT tgname::text, tgenabled <> 'D' FROM pg_trigger WHERE tgrelid IN {_OURS}
"""
_STRANGERS = f"""
SELECT ARRAY(SELECT relname::text FROM pg_class
              WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
                AND oid NOT IN {_OURS} AND relname <> 'alembic_version' ORDER BY 1) AS tables,
       ARRAY(SELECT tgrelid::regclass || '.' || tgname FROM pg_trigger
              WHERE tgrelid IN {_OURS} AND NOT tgisinternal
                AND tgname <> ALL(CAST(:triggers AS text[])) ORDER BY 1) AS triggers
"""
_READER = f"""
SELECT count(*) FILTER (WHERE has_table_privilege(r.oid, t.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
           AS writes,
       count(*) FILTER (WHERE NOT has_table_privilege(r.oid, t.oid, 'SELECT')
                          AND t.relname <> 'forgotten_people') AS closed,
       bool_or(has_table_privilege(r.oid, t.oid, 'SELECT') AND t.relname = 'forgotten_people')
           AS reads_forgotten
  FROM pg_roles r JOIN pg_class t ON t.oid IN {_OURS}
 WHERE r.rolname = 'pincali_reader' HAVING count(*) > 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that the program relies on, and how to make it."""

    table: str
    name: str
    statement: str = ""  # makes it; empty: see the migrations
    condition: str | None = None  # of a check or foreign key: what it asks of a row
    is_there: bool = False  # but unproven, invalid or turned off


@dataclass(frozen=True, slots=True, kw_only=True)
class Strangers:
    """What others have put into our schema."""

    tables: list[str]
    triggers: list[str]  # on our tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What the role may do that only reads."""

    writes: int  # tables that it may change
    closed: int  # tables that it may not read
    reads_forgotten: bool


def _sql(element: AddConstraint | CreateIndex) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # it tells no types
    compiled = str(element.compile(dialect=dialect))
    return " ".join(compiled.split()).replace("%%", "%")


def _wanted() -> Iterator[Part]:
    for table in metadata.tables.values():
        yield from map(_constraint, _named(table))
        for index in table.indexes:
            statement = _sql(CreateIndex(index)).replace("INDEX", "INDEX CONCURRENTLY", 1)
            yield Part(table=table.name, name=str(index.name), statement=statement)
    for trigger, name in TRIGGERS.items():
        yield Part(table=name, name=trigger)


def _named(table: Table) -> list[Constraint]:
    return sorted(table.constraints, key=lambda each: str(each.name))


def _constraint(found: Constraint) -> Part:
    statement, table = _sql(AddConstraint(found, isolate_from_table=False)), found.table.name
    name = statement.split("CONSTRAINT ", 1)[1].split()[0]
    return Part(table=table, name=name, statement=statement, condition=_condition(found))


def _condition(found: Constraint) -> str | None:
    if isinstance(found, CheckConstraint):
        return str(found.sqltext)
    if not isinstance(found, ForeignKeyConstraint):
        return None
    [key] = found.elements
    column, other = f"{found.table.name}.{key.parent.name}", key.column
    exists = f"EXISTS (SELECT FROM {other.table.name} o WHERE o.{other.name} = {column})"
    return f"{column} IS NULL OR {exists}"


class CatalogRepository(Repository):
    """SQL about what holds the tables together."""

    async def lacking(self) -> list[Part]:
        """What is not there, or not in force."""
        rows = await self._pairs(_FOUND, tables=_TABLES)
        return [
            Part(
                table=part.table,
                name=part.name,
                statement=part.statement,
                condition=part.condition,
                is_there=part.name in rows,
            )
            for part in _wanted()
            if not rows.get(part.name)
        ]

    async def misfits(self) -> list[Misfit]:
        """Columns of other types than the models have them."""
        return [*misfits(await self._pairs(TYPES, tables=_TABLES))]

    async def breaking(self, part: Part) -> int:
        """How many rows break a check or foreign key."""
        return await self._number(
            f"SELECT count(*) FROM {part.table} WHERE ({part.condition}) IS FALSE"
        )

    async def add(self, part: Part) -> None:
        """A check or foreign key, for what is written from now on: nothing is proven yet."""
        await self._run("SET LOCAL lock_timeout = '5s'")
        await self._connection.exec_driver_sql(f"{part.statement} NOT VALID")

    async def prove(self, part: Part) -> None:
        """Beside readers and writers."""
        await self._run(f"ALTER TABLE {part.table} VALIDATE CONSTRAINT {part.name}")

    async def turn_on(self, trigger: Part) -> None:
        """A trigger that was turned off works again."""
        await self._run("SET LOCAL lock_timeout = '5s'")
        await self._run(f"ALTER TABLE {trigger.table} ENABLE TRIGGER {trigger.name}")

    async def strangers(self) -> Strangers:
        """What others have put into our schema."""
        return await self._one(Strangers, _STRANGERS, tables=_TABLES, triggers=list(TRIGGERS))

    async def reader(self) -> Reader | None:
        """What `scripts/readonly_role.sql` has made; None: nobody ran it."""
        return await self._first(Reader, _READER, tables=_TABLES)
