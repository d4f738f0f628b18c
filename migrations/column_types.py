"""Columns that somebody already has, and that hold another type than ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# By the type that a column of ours has, the types that do as well: statements work with these.
_DO_AS_WELL = {
    "NUMERIC": ("numeric",),
    "JSONB": ("jsonb",),
    "BOOLEAN": ("bool",),
    "INTEGER": ("int2", "int4", "int8", "numeric"),
    "DATE": ("date", "timestamp"),  # a time with a zone is of another day in another zone
    "TIMESTAMPTZ": ("timestamptz", "timestamp"),
    "VARCHAR": ("varchar", "text", "bpchar", "citext"),
    "TEXT": ("text", "varchar", "bpchar", "citext"),
}


def refuse_others(table: str, columns: Sequence[str]) -> str:
    """SQL that ends an upgrade where a column of these definitions holds another kind of value.

    It names each, and how to make it ours: that rewrites the table, which is for its owner to time.
    """
    rows = ", ".join(_row(column) for column in columns if _kind(column) in _DO_AS_WELL)
    assert rows, table
    return f"""
        DO $do$
        DECLARE others text; remedy text;
        BEGIN
            SELECT string_agg(table_column || ' is ' || held || ' instead of ' || wanted, ', '),
                   string_agg('ALTER COLUMN ' || name || ' TYPE ' || wanted || ' USING ' || cast_so,
                              ', ')
              INTO others, remedy
              FROM (VALUES {rows}) AS ours (name, wanted, fitting, cast_so)
             CROSS JOIN LATERAL (
                   SELECT '{table}.' || name AS table_column,
                          format_type(a.atttypid, a.atttypmod) AS held
                     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                    WHERE a.attrelid = to_regclass('{table}') AND a.attname = name
                      AND NOT a.attisdropped AND t.typtype NOT IN ('d', 'e')
                      AND t.typname <> ALL (fitting)
                   ) theirs;
            IF others IS NOT NULL THEN
                RAISE EXCEPTION USING MESSAGE = 'this database has columns of another type than '
                    'Pincali Sync needs: ' || others || '. Nothing of this step was done. It '
                    'rewrites the table, so at a quiet time: `ALTER TABLE {table} ' || remedy
                    || '`; then run the upgrade again';
            END IF;
        END $do$
        """


def _kind(column: str) -> str:
    return column.split()[1].partition("(")[0].upper()


def _row(column: str) -> str:
    name, kind = column.split(maxsplit=1)[0], _kind(column)
    length = column.partition("(")[2].partition(")")[0]
    wanted = kind.lower()
    if kind in {"NUMERIC", "VARCHAR"} and column.split()[1].partition("(")[1]:
        wanted += f"({length})"
    cast_so = f"to_jsonb({name})" if kind == "JSONB" else f"CAST({name} AS {wanted})"
    fitting = ", ".join(f"'{each}'" for each in _DO_AS_WELL[kind])
    return f"('{name}', '{wanted}', ARRAY[{fitting}]::text[], '{cast_so}')"


_GRANTED_TO = """CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
    || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"""
# What hangs on the view `seen`, as statements that make it again.
_ON_A_VIEW = f"""
    SELECT format('COMMENT ON COLUMN %s.%I IS %L', seen.name, attname, description)
      FROM pg_attribute JOIN pg_description ON objoid = attrelid AND objsubid = attnum
     WHERE attrelid = seen.id AND classoid = 'pg_class'::regclass
     UNION ALL
    SELECT format('ALTER VIEW %s ALTER %I SET DEFAULT %s', seen.name, attname,
                  pg_get_expr(adbin, adrelid))
      FROM pg_attribute JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attrelid = seen.id
     UNION ALL
    SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = seen.id AND NOT tgisinternal
     UNION ALL
    SELECT pg_get_ruledef(oid) FROM pg_rewrite
     WHERE ev_class = seen.id AND rulename <> '_RETURN'
     UNION ALL
    SELECT format('GRANT %s ON %s TO %s', privilege_type, seen.name, {_GRANTED_TO})
      FROM aclexplode(seen.relacl)
     UNION ALL
    SELECT format('GRANT %s (%I) ON %s TO %s', privilege_type, attname, seen.name, {_GRANTED_TO})
      FROM pg_attribute CROSS JOIN aclexplode(attacl)
     WHERE attrelid = seen.id"""


def with_time_zone(table: str, columns: Iterable[str]) -> str:
    """SQL that gives these columns a time zone where they have none.

    Views that read them are made again as they were, with all that hangs on them.
    """
    names = ", ".join(f"'{column}'" for column in columns)
    return f"""
        DO $do$
        DECLARE numbers smallint[]; changes text; seen record; again text[] := '{{}}'; each text;
        BEGIN
            SELECT array_agg(attnum),
                   string_agg('ALTER COLUMN ' || quote_ident(attname) || ' TYPE timestamptz', ', ')
              INTO numbers, changes
              FROM pg_attribute
             WHERE attrelid = '{table}'::regclass AND attname IN ({names})
               AND atttypid = 'timestamp'::regtype;
            IF numbers IS NULL THEN
                RETURN;
            END IF;
            FOR seen IN
                SELECT c.oid AS id, c.oid::regclass::text AS name, c.relacl, c.reloptions,
                       pg_get_userbyid(c.relowner) AS owner,
                       pg_get_viewdef(c.oid) AS meaning,
                       obj_description(c.oid, 'pg_class') AS remark
                  FROM pg_class c
                 WHERE c.relkind = 'v' AND EXISTS (
                       SELECT FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
                        WHERE r.ev_class = c.oid AND d.classid = 'pg_rewrite'::regclass
                          AND d.refclassid = 'pg_class'::regclass
                          AND d.refobjid = '{table}'::regclass
                          AND d.refobjsubid = ANY (numbers))
            LOOP
                again := again || format('CREATE VIEW %s%s AS %s', seen.name,
                    ' WITH (' || array_to_string(seen.reloptions, ', ') || ')', seen.meaning);
                again := again || format('COMMENT ON VIEW %s IS %L', seen.name, seen.remark);
                again := again || ARRAY({_ON_A_VIEW});
                again := again || format('ALTER VIEW %s OWNER TO %I', seen.name, seen.owner);
                EXECUTE 'DROP VIEW ' || seen.name;
            END LOOP;
            EXECUTE 'ALTER TABLE {table} ' || changes;
            BEGIN
                FOREACH each IN ARRAY again LOOP
                    EXECUTE each;
                END LOOP;
            EXCEPTION WHEN insufficient_privilege THEN  -- such as for another role's view
                RAISE EXCEPTION USING ERRCODE = 'dependent_objects_still_exist', MESSAGE = SQLERRM;
            END;
        EXCEPTION WHEN dependent_objects_still_exist OR feature_not_supported THEN
            RAISE EXCEPTION USING MESSAGE = 'times of {table} have no time zone, and something of '
                'yours that reads them is in the way of giving them one: ' || SQLERRM || '. '
                'Nothing of this step was done. Drop it, run the upgrade again, make it again';
        END $do$
        """
