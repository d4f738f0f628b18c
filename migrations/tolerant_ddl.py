"""DDL that also upgrades what somebody already has: nothing is taken for granted, nothing is lost.

Plain SQL and DO blocks only, so that `alembic upgrade head --sql` prints what would run. Steps on
`properties_live` hold no strong lock for long: columns come with constant defaults, checks are
added unproven and proven afterwards, indexes are built beside their readers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from alembic import op

from migrations.column_types import refuse_others, with_time_zone

# A migration that cannot get its lock must not make everybody queue up behind it. For the
# transaction only: behind a pooler the connection is not ours to change.
_PATIENCE = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '15min'"
AT_MOST = "PERFORM set_config('lock_timeout', '10s', true);"  # in a DO block by itself
_LEFT_OUT = "'rows of {} break ' || {} || ': see `pincali-sync doctor`'"
# Columns that tell nothing of whose a table is.
_ANYBODYS = {
    *("id", "url", "name", "title", "description", "status", "kind", "reason", "error", "notes"),
    *("created_at", "updated_at", "started_at", "completed_at", "finished_at"),
}
_BUSY_TABLES = (
    *("properties_live", "property_changes", "property_manifest"),
    *("property_scrapes_staging", "scrape_queue"),
)


def be_patient() -> None:
    """To be called first in each migration, and again after an autocommit block."""
    for statement in _PATIENCE.split("; "):
        op.execute(statement)


def create_tables(statements: Iterable[str]) -> None:
    """CREATE TABLE statements; a table that is there gets the columns it lacks.

    Its times without a zone get one; a column of another type is told, and the upgrade ends. A
    table with nothing that is particular to ours is another program's that only has the name: it
    is left as it is, and the upgrade ends.
    """
    for statement in statements:
        name, columns = _parse(statement)
        op.execute(_refuse_a_strangers(name, [column.split()[0] for column in columns]))
        op.execute(refuse_others(name, columns))
        op.execute(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))
        for column in columns:
            op.execute(f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {column}")
        as_timestamptz(name, [each.split()[0] for each in columns if " timestamptz" in each])


def _refuse_a_strangers(table: str, columns: Sequence[str]) -> str:
    ours = ", ".join(f"'{column}'" for column in columns if column not in _ANYBODYS)
    return f"""
        DO $do$
        BEGIN
            IF to_regclass('{table}') IS NOT NULL AND NOT EXISTS (
                SELECT FROM pg_attribute
                 WHERE attrelid = to_regclass('{table}') AND attname IN ({ours})) THEN
                RAISE EXCEPTION USING MESSAGE = 'the table {table} is here already, and is '
                    'another program''s: it has none of the columns that Pincali Sync keeps '
                    'there. Nothing of this step was done. Give Pincali Sync a database of its '
                    'own, or a schema of its own (CREATE SCHEMA listings; '
                    'ALTER ROLE … SET search_path = listings)';
            END IF;
        END $do$
        """


def add_columns(table: str, columns: Iterable[str]) -> None:
    """Adds the columns that are not there."""
    for column in columns:
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column}")


def create_indexes(statements: Iterable[str], busy_tables: Sequence[str] = _BUSY_TABLES) -> None:
    """CREATE INDEX statements; those on busy tables are built beside their readers and writers.

    An index that a crash left invalid is built again.
    """
    busy = [each for each in statements if any(f" ON {table} " in each for table in busy_tables)]
    for statement in statements:
        if statement not in busy:
            op.execute(_if_not_exists(statement))
    with op.get_context().autocommit_block():
        for statement in busy:
            op.execute(_drop_if_invalid(_index_name(statement)))
            op.execute(_if_not_exists(statement).replace("INDEX", "INDEX CONCURRENTLY", 1))
    be_patient()


def replace_check(table: str, column: str, name: str, condition: str) -> None:
    """One check on a column, in the place of all narrower ones that are there."""
    op.execute(f"""
        DO $do$
        DECLARE found record;
        BEGIN
            FOR found IN SELECT conname FROM pg_constraint
                          WHERE conrelid = '{table}'::regclass AND contype = 'c'
                            AND pg_get_constraintdef(oid) ~ '\\m{column}\\M'
            LOOP
                EXECUTE 'ALTER TABLE {table} DROP CONSTRAINT ' || quote_ident(found.conname);
            END LOOP;
        END $do$
        """)
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")


def prove_checks(table: str, names: Iterable[str]) -> None:
    """Validates checks beside readers and writers."""
    with op.get_context().autocommit_block():
        for name in names:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
    be_patient()


def add_checks(table: str, checks: Mapping[str, str]) -> None:
    """Checks by name, each where all rows meet it; to be called in an autocommit block.

    Added unproven, which takes a strong lock for a moment, and proven beside readers and writers. A
    check that a row breaks is left out, with a warning: it would keep that row from all updates.
    """
    conditions = {f"{table}_{name}_check": condition for name, condition in checks.items()}
    _add_unproven(table, conditions)
    _prove_or_drop(table, conditions)


def _add_unproven(table: str, conditions: Mapping[str, str]) -> None:
    rows = ", ".join(f"('{name}', $c${each}$c$)" for name, each in conditions.items())
    broken = ", ".join(
        f"CASE WHEN bool_or(({each}) IS FALSE) THEN '{name}' END"
        for name, each in conditions.items()
    )
    op.execute(f"""
        DO $do$
        DECLARE broken text[]; adding text;
        BEGIN
            {AT_MOST}
            SELECT array_remove(ARRAY[{broken}], NULL) INTO broken FROM {table};
            IF broken <> '{{}}' THEN
                RAISE WARNING USING MESSAGE = {_LEFT_OUT.format(table, "broken::text")};
            END IF;
            SELECT string_agg('ADD CONSTRAINT ' || name || ' CHECK (' || condition
                              || ') NOT VALID', ', ')
              INTO adding FROM (VALUES {rows}) AS wanted (name, condition)
             WHERE name <> ALL (broken)
               AND NOT EXISTS (SELECT FROM pg_constraint
                                WHERE conrelid = '{table}'::regclass AND conname = name);
            IF adding IS NOT NULL THEN
                EXECUTE 'ALTER TABLE {table} ' || adding;
            END IF;
        END $do$
        """)


def _prove_or_drop(table: str, names: Iterable[str]) -> None:
    op.execute(f"""
        DO $do$
        DECLARE unproven text;
        BEGIN
            {AT_MOST}
            FOR unproven IN SELECT conname FROM pg_constraint
                             WHERE conrelid = '{table}'::regclass AND NOT convalidated
                               AND conname IN ({", ".join(f"'{name}'" for name in names)})
            LOOP
                BEGIN
                    EXECUTE 'ALTER TABLE {table} VALIDATE CONSTRAINT ' || unproven;
                EXCEPTION WHEN check_violation THEN  -- somebody wrote such a row meanwhile
                    EXECUTE 'ALTER TABLE {table} DROP CONSTRAINT ' || unproven;
                    RAISE WARNING USING MESSAGE = {_LEFT_OUT.format(table, "unproven")};
                END;
            END LOOP;
        END $do$
        """)


def drop_checks(table: str, names: Iterable[str]) -> None:
    """Checks that `add_checks` may have added."""
    drops = ", ".join(f"DROP CONSTRAINT IF EXISTS {table}_{name}_check" for name in names)
    op.execute(f"ALTER TABLE {table} {drops}")


def let_go() -> None:
    """Commits: nobody waits for the tables altered so far while what follows takes its time."""
    with op.get_context().autocommit_block():
        pass
    be_patient()


def as_timestamptz(table: str, columns: Collection[str]) -> None:
    """Times without a zone were UTC. In a UTC session PostgreSQL rewrites nothing for that."""
    if columns:
        op.execute("SET LOCAL timezone = 'UTC'")
        op.execute(with_time_zone(table, columns))


def add_keys(keys: Mapping[str, tuple[str, str]]) -> None:
    """Unique keys by name, with their table and columns, where a table that is there lacks them.

    Built beside readers and writers. Where rows share a key the upgrade ends before anything is
    done: which of them is the right one, nobody knows here.
    """
    for name, (table, columns) in keys.items():
        op.execute(_refuse_doubles(name, table, columns))
    with op.get_context().autocommit_block():
        for name, (table, columns) in keys.items():
            op.execute(_drop_if_invalid(name))
            op.execute(
                f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({columns})"
            )
            op.execute(_use_index(table, name))
    be_patient()


def _refuse_doubles(name: str, table: str, columns: str) -> str:
    find = f"SELECT {columns}, count(*) FROM {table} GROUP BY {columns} HAVING count(*) > 1"
    return f"""
        DO $do$
        DECLARE doubles bigint := 0;
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_constraint
                            WHERE conrelid = '{table}'::regclass AND conname = '{name}') THEN
                SELECT count(*) INTO doubles FROM ({find}) doubled;
            END IF;
            IF doubles > 0 THEN
                RAISE EXCEPTION USING MESSAGE = 'the table {table} has no unique key on {columns}, '
                    'and more than one row with the same: ' || doubles || ' times. Pincali Sync '
                    'needs one row of each. Nothing was deleted: look at them with `{find}`, '
                    'keep one of each, and run the upgrade again';
            END IF;
        END $do$
        """


def _use_index(table: str, name: str) -> str:
    return f"""
        DO $do$
        BEGIN
            {AT_MOST}
            IF NOT EXISTS (SELECT FROM pg_constraint
                            WHERE conrelid = '{table}'::regclass AND conname = '{name}') THEN
                ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name};
            END IF;
        END $do$
        """


def normal_public_id(column: str) -> str:
    """An EasyBroker id as the site writes it; NULL for what is none."""
    written = f"upper(regexp_replace({column}, '[[:space:]]', '', 'g'))"
    return f"substring({written} FROM '^EB-[A-Z]{{1,4}}[0-9]{{4}}$')"


def _parse(statement: str) -> tuple[str, list[str]]:
    """A table's name and its column definitions, constraints left out."""
    match = re.search(r"CREATE TABLE (\w+) \(", statement)
    assert match is not None, statement
    parts, depth, part = [], 0, ""
    for sign in statement[match.end() :]:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            break  # what follows belongs to the table, not to a column
        if sign == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += sign
    definitions = [" ".join(each.split()) for each in (*parts, part)]
    return match[1], [each for each in definitions if not each.startswith("CONSTRAINT")]


def _index_name(statement: str) -> str:
    match = re.search(r"INDEX (?:IF NOT EXISTS )?(\w+)", statement)
    assert match is not None, statement
    return match[1]


def _if_not_exists(statement: str) -> str:
    name = _index_name(statement)
    return statement.replace(f"INDEX {name}", f"INDEX IF NOT EXISTS {name}", 1)


def _drop_if_invalid(name: str) -> str:
    return f"""
        DO $do$
        BEGIN
            {AT_MOST}
            IF EXISTS (SELECT FROM pg_index WHERE NOT indisvalid
                          AND indexrelid = to_regclass('{name}')) THEN
                EXECUTE 'DROP INDEX {name}';
            END IF;
        END $do$
        """
