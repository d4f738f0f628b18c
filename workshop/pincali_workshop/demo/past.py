"""Time that passes for a database: no clock is turned, what happened is moved back."""

from __future__ import annotations

from datetime import timedelta

import psycopg

_TIMES = """
SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables
       USING (table_schema, table_name)
 WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
   AND data_type = 'timestamp with time zone'"""


def move_back(database_url: str, by: timedelta) -> None:
    """Moves all times in the database back."""
    with psycopg.connect(database_url) as connection:
        columns: dict[str, list[str]] = {}
        for table, column in connection.execute(_TIMES):
            columns.setdefault(table, []).append(f"{column} = {column} - %(by)s")
        for table, moved in columns.items():
            connection.execute(f"UPDATE {table} SET {', '.join(moved)}", {"by": by})
