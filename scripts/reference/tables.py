"""The tables, from the models, and what the migrations say of views."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, Column
from sqlalchemy.engine import make_url

from pincali_sync.db.base import Base
from pincali_sync.db.models import metadata
from scripts.reference.markdown import NOTICE, cell, code, table

PAGE = (
    NOTICE
    + """# Tables

What each one is for in the whole stands in [architecture](../architecture.md#where-state-lives).
Times carry their zone; what may be empty is marked so. `alembic upgrade head --sql` prints the
statements, indexes and checks included.
"""
)
_POSTGRESQL = make_url("postgresql+psycopg://").get_dialect()()
_MIGRATIONS = Path(__file__).parents[2] / "migrations" / "versions"
_COMMENT = re.compile(r"COMMENT ON VIEW (\w+) IS\s+'((?:[^']|'')*)'")
_FIELD = re.compile(r"    (\w+): Mapped\[.*?(?:  # (.*))?")
_WORDS = re.compile(r"(\w+) IN \((.*)\)")


def page() -> str:
    """The page of the reference."""
    models = {each.class_.__tablename__: each.class_ for each in Base.registry.mappers}
    text = PAGE
    for name, each in sorted(metadata.tables.items()):
        said = " ".join((models[name].__doc__ or "").split())
        text += f"\n## {name}\n\n{said}\n\n"
        rows = list(_rows(models[name], each.columns, _choices(each.constraints)))
        text += table(["column", "type", "default", "meaning"], rows)
    return text + "".join(f"\n## {view}\n\nA view. {said}\n" for view, said in _views())


def _rows(model: type, columns: Any, choices: dict[str, str]) -> Iterator[tuple[str, ...]]:
    remarks = _remarks(model)
    for column in columns:
        said = [remarks.get(column.name, ""), choices.get(column.name, ""), _leads_to(column)]
        meaning = "; ".join(filter(None, said))
        yield code(column.name), _type(column), code(_default(column)), cell(meaning)


def _type(column: Column[Any]) -> str:
    name = str(column.type.compile(_POSTGRESQL)).lower()
    name = name.replace("timestamp with time zone", "timestamptz")
    if column.primary_key:
        return f"{name}, key"
    return f"{name}, may be empty" if column.nullable else name


def _default(column: Column[Any]) -> str:
    default = getattr(column.server_default, "arg", None)
    return "" if default is None else str(default)


def _leads_to(column: Column[Any]) -> str:
    return ", ".join(f"of {key.column.table.name}" for key in column.foreign_keys)


def _choices(constraints: Any) -> dict[str, str]:
    """The words that a column may hold, where a check names them."""
    checks = [str(each.sqltext) for each in constraints if isinstance(each, CheckConstraint)]
    found = [match.groups() for check in checks if (match := _WORDS.fullmatch(check))]
    return {column: words.replace("'", "") for column, words in found}


def _remarks(model: type) -> dict[str, str]:
    """The comments beside and above the columns, those of what the model inherits included."""
    found: dict[str, str] = {}
    for each in model.__mro__:
        if each.__module__.startswith("pincali_sync.db.models"):
            found |= _comments(inspect.getsource(each).splitlines())
    return found


def _comments(lines: list[str]) -> dict[str, str]:
    found, above = {}, ""
    for line in lines:
        if line.startswith("    # "):
            above = f"{above} {line.strip('# ')}".strip()
        else:
            if match := _FIELD.fullmatch(line):
                found[match[1]] = match[2] or above
            above = ""
    return found


def _views() -> list[tuple[str, str]]:
    """What the migrations say of views; of one that was made anew, the last word."""
    found: dict[str, str] = {}
    for path in sorted(_MIGRATIONS.glob("*.py")):
        for name, said in _COMMENT.findall(path.read_text().replace("\\\n", "")):
            found[name] = " ".join(said.replace("''", "'").split())
    return sorted(found.items())
