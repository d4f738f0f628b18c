"""JSON inside markup: JSON-LD blocks and attributes. Anything broken counts as absent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

JsonObject = dict[str, Any]


def loads(text: str | None) -> Any:
    """Parses JSON; None for what is no JSON."""
    if not text:
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def object_of(text: str | None) -> JsonObject:
    """Parses a JSON object; an empty one for anything else."""
    value = loads(text)
    return value if isinstance(value, dict) else {}


def json_ld(tree: LexborHTMLParser) -> Iterator[JsonObject]:
    """Every typed object of the page's JSON-LD blocks, outer ones first, in document order."""
    for script in tree.css('script[type="application/ld+json"]'):
        pending = [loads(script.text())]
        while pending:
            value = pending.pop()
            if isinstance(value, dict):
                if "@type" in value:
                    yield value
                pending.extend(reversed(list(value.values())))
            elif isinstance(value, list):
                pending.extend(reversed(value))


def is_of_type(value: JsonObject, *types: str) -> bool:
    """Whether a JSON-LD object's `@type`, a text or a list, is one of these."""
    declared = value["@type"]
    names = declared if isinstance(declared, list) else [declared]
    return any(name in types for name in names if isinstance(name, str))


def part(value: JsonObject, name: str) -> JsonObject:
    """An object's inner object; an empty one where it has none."""
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}
