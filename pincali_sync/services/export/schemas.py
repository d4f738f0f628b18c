"""The JSON schemas of what consumers get, made from the classes that it is made from."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from pincali_sync.domain.published import (
    SCHEMA_VERSION,
    Change,
    Listing,
    WebhookMessage,
)


class Published(StrEnum):
    """What has a schema."""

    LISTING = "listing"  # a row of an export; of GeoJSON a feature's properties
    CHANGE = "change"  # a line of `changes`
    WEBHOOK = "webhook"  # the body of a message


_MADE_FROM = {
    Published.LISTING: Listing,
    Published.CHANGE: Change,
    Published.WEBHOOK: WebhookMessage,
}


def schema_of(name: Published) -> dict[str, Any]:
    """Its schema, in draft 2020-12."""
    made = TypeAdapter(_MADE_FROM[name]).json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pincali-sync:{name}:{SCHEMA_VERSION}",
        **_untitled(made),
    }


def _untitled(node: Any) -> Any:
    """Without the titles that pydantic makes of names: they say nothing else."""
    if isinstance(node, dict):
        kept = {name: each for name, each in node.items() if not _is_title(name, each)}
        return {name: _untitled(each) for name, each in kept.items()}
    return [*map(_untitled, node)] if isinstance(node, list) else node


def _is_title(name: str, value: Any) -> bool:
    return name == "title" and isinstance(value, str)
