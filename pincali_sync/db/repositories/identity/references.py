"""Tables that are not ours: what refers to a live row that goes refers to the one that stays."""

from __future__ import annotations

# The foreign keys of one column on `properties_live`. Where a table may name a listing once only
# and names both, what it said of the one that goes is kept in the journal.
FOLLOW_REFERENCES = """
DO $do$
DECLARE referring record; each record;
BEGIN
    FOR referring IN
        SELECT CAST(CAST(c.conrelid AS regclass) AS text) AS child, quote_ident(a.attname) AS field,
               quote_ident(r.attname) AS target
          FROM pg_constraint c
          JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
          JOIN pg_attribute r ON r.attrelid = c.confrelid AND r.attnum = c.confkey[1]
         WHERE c.contype = 'f' AND c.confrelid = CAST('properties_live' AS regclass)
           AND c.conparentid = 0 AND cardinality(c.conkey) = 1
    LOOP
        FOR each IN EXECUTE
            'SELECT c.tableoid, c.ctid AS place, p.stays, to_jsonb(c) AS row FROM merged p '
            || 'JOIN properties_live g ON g.property_id = p.gone '
            || 'JOIN properties_live s ON s.property_id = p.stays '
            || 'JOIN ' || referring.child || ' c ON c.' || referring.field
            || ' = g.' || referring.target
        LOOP
            BEGIN
                EXECUTE 'UPDATE ' || referring.child || ' SET ' || referring.field || ' = (SELECT '
                    || referring.target || ' FROM properties_live WHERE property_id = $1) '
                    || 'WHERE tableoid = $2 AND ctid = $3'
                    USING each.stays, each.tableoid, each.place;
            EXCEPTION WHEN unique_violation THEN
                INSERT INTO property_changes
                       (property_id, change_type, field_name, old_value, change_reason)
                VALUES (each.stays, 'updated', left(referring.child, 100), each.row,
                        'one EasyBroker id');
                EXECUTE 'DELETE FROM ' || referring.child || ' WHERE tableoid = $1 AND ctid = $2'
                    USING each.tableoid, each.place;
            END;
        END LOOP;
    END LOOP;
END $do$
"""
