"""Invented agents, and where they are found."""

from __future__ import annotations

from pathlib import Path

from pincali_sync.db.engine import Database
from tests.support.builders import rows, value


def agent(number: int) -> tuple[str, str]:
    """A name and a telephone number that nobody has."""
    return f"Agente {number}", f"33 0000 {number:04}"


async def tables_with(db: Database, *words: str) -> set[str]:
    """The tables of which a row holds one of these words, whatever column it is in."""
    tables = await rows(
        db,
        """SELECT relname FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'""",
    )
    return {
        table
        for (table,) in map(dict.values, tables)
        if await value(
            db,
            f"SELECT count(*) FROM {table} t WHERE t::text LIKE ANY(:patterns)",
            patterns=[f"%{word}%" for word in words],
        )
    }


def files_with(folder: Path, word: bytes) -> list[Path]:
    """The files below a folder that hold a word."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if word in path.read_bytes()]
