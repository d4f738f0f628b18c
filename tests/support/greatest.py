"""The variables that are numbers, and the greatest value that each accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pincali_sync.config import Config


def _found() -> Iterator[tuple[str, int]]:
    schema: dict[str, dict[str, Any]] = Config.model_json_schema()["properties"]
    for name, field in schema.items():
        for each in field.get("anyOf", [field]):
            if each["type"] in {"integer", "number"}:
                yield name, each.get("maximum", 0)


GREATEST = dict(_found())
