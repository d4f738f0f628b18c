"""`pincali-sync config`: what is in force, secrets masked."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import Secret

from pincali_sync.cli.output import JsonOption, print_json, print_table
from pincali_sync.config import Config, load_config


def config(as_json: JsonOption = False) -> None:
    """Show every variable with the value in force, secrets masked."""
    current = load_config()
    values = {name.upper(): _shown(current, name) for name in Config.model_fields}
    if as_json:
        print_json(values)
        return
    print_table(
        "Configuration",
        ("variable", "value", "accepts"),
        [
            (name, _as_text(value), Config.model_fields[name.lower()].description or "")
            for name, value in values.items()
        ],
    )


def _shown(current: Config, name: str) -> Any:
    value = getattr(current, name)
    if name == "database_url":
        return _masked_url(value.get_secret_value()) if value else "embedded"
    return "***" if isinstance(value, Secret) else value


def _masked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{address}"))


def _as_text(value: Any) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
