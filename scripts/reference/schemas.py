"""What consumers get, field by field, and its JSON schemas."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pincali_sync.domain.published import SCHEMA_VERSION
from pincali_sync.services.export.schemas import Published, schema_of
from scripts.reference.markdown import NOTICE, cell, code, table

PAGE = (
    NOTICE
    + """# What consumers get

Exports, the feed and webhooks have a JSON schema each, to be pinned: {files}.
`pincali-sync schema NAME` prints the one that an installation keeps to. Webhooks name its version
in `data.schema`, Parquet files in their metadata (`pincali_sync.schema`).

**What may change within a version**: new fields, in exports as columns at the end; words about a
field. Whoever reads by name and passes over what it does not know is never broken. **What is a new
version**: a field that goes, is named otherwise, moves before another, gets another type, unit or
meaning, may be null or missing where it could not, or takes another word where its words are
listed. A new version is told in the changelog, and the file of the old one stays. `make reference`
refuses to write a schema that breaks its version.

In CSV a list is JSON text and null an empty cell. In Parquet numbers are 64-bit floats, with
`--exact` decimals; times have microseconds and are UTC.
"""
)
_GROWING = {"properties", "$defs"}  # where more may come
_WORDS = {"$id", "description"}  # what may be said otherwise
_HEADS = {
    Published.LISTING: "Export: a listing",
    Published.CHANGE: "Feed: a change",
    Published.WEBHOOK: "Webhook: a message",
}


def files(folder: Path) -> dict[Path, Callable[[], str]]:
    """The schemas' files by what makes them."""
    return {_file(folder, name): partial(_made, folder, name) for name in Published}


def page() -> str:
    """The page of the reference."""
    links = ", ".join(f"[{name}](schemas/{_file(Path(), name).name})" for name in Published)
    parts = [PAGE.format(files=links)]
    for name, head in _HEADS.items():
        schema = schema_of(name)
        parts.append(f"\n## {head}\n\n{schema['description']}\n\n{_table(schema)}")
        inner = schema["$defs"]
        parts += [
            f"\n### {title}\n\n{inner[title]['description']}\n\n{_table(inner[title])}"
            for title in sorted(inner)
            if name is Published.WEBHOOK or title == "PublishedOffer"
            if "properties" in inner[title] and title != "Change"
        ]
    return "".join(parts)


def broken_by(old: Any, new: Any, at: str = "") -> Iterator[str]:
    """Where a schema takes something from those who keep to an older one."""
    kind = at.rpartition("/")[2]
    if kind == "required":
        if {*(old or ())} - {*(new or ())}:
            yield f"{at}: a field may be missing"
    elif isinstance(old, dict) and isinstance(new, dict):
        if at == "/properties" and [*new][: len(old)] != [*old]:
            yield f"{at}: they stand in another order"
        names = old.keys() if kind in _GROWING else {*old, *new} - _WORDS
        for name in names:
            yield from broken_by(old.get(name), new.get(name), f"{at}/{name}")
    elif old != new:
        yield f"{at}: {old} became {new}"


def _file(folder: Path, name: Published) -> Path:
    return folder / f"{name}-{SCHEMA_VERSION}.json"


def _made(folder: Path, name: Published) -> str:
    """Raises: SystemExit: when it would break what was published."""
    path, schema = _file(folder, name), schema_of(name)
    broken = list(broken_by(json.loads(path.read_text()), schema)) if path.exists() else []
    if broken:
        raise SystemExit(f"{path.name} is pinned, so SCHEMA_VERSION goes up: {'; '.join(broken)}")
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _table(schema: dict[str, Any]) -> str:
    rows = [
        (code(name), _type_of(each), cell(each.get("description", "")))
        for name, each in schema["properties"].items()
    ]
    return table(["field", "type", "meaning"], rows)


def _type_of(node: dict[str, Any]) -> str:
    if "anyOf" in node:
        return " or ".join(map(_type_of, node["anyOf"]))
    if "$ref" in node:
        return str(node["$ref"]).rpartition("/")[2]
    if "enum" in node:
        return ", ".join(map(code, node["enum"]))
    if node.get("type") == "array":
        items = _type_of(node["items"])
        return f"list of ({items})" if " or " in items else f"list of {items}"
    return str(node.get("format") or node.get("type") or "any JSON")
