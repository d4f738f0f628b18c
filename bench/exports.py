"""A million live rows to a file, in each format: seconds and peak memory of the command.

`python -m bench.exports [ROWS]`; filling the table takes a minute or two before that.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import psycopg
from sqlalchemy import text

from bench.million_rows import LIVE, NOW
from bench.own_database import own_database
from bench.programs import Took, run
from pincali_sync.db.engine import Database

_ROWS = 1_000_000
_FORMATS = ("parquet", "csv", "geojson")


def measure(rows: int = _ROWS) -> dict[str, float]:
    """Seconds and MB, by format."""
    figures: dict[str, float] = {}
    with own_database(durable=False) as (home, url):
        asyncio.run(_fill(url, rows))
        for form in _FORMATS:
            seconds, peak = _export(home, url, form)
            figures |= {f"export_{form}_s": seconds, f"export_{form}_peak_mb": peak}
    return figures


async def _fill(url: str, rows: int) -> None:
    db = Database(url)
    async with db.transaction() as tx:
        await tx.connection.execute(text(LIVE), {"now": NOW, "rows": rows})
    await db.dispose()
    await asyncio.to_thread(_as_autovacuum_leaves_it, url)


def _as_autovacuum_leaves_it(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) properties_live")


def _export(home: Path, url: str, form: str) -> Took:
    output = home / f"listings.{form}"
    took = run(
        ["pincali_sync.cli", "export", "--format", form, "--output", str(output)],
        {**os.environ, "DATABASE_URL": url, "PINCALI_HOME": str(home)},
    )
    output.unlink()
    return took


def main(rows: int = _ROWS) -> int:
    """Prints the figures."""
    for name, value in measure(rows).items():
        print(f"{name:<24} {value:8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:2])))
