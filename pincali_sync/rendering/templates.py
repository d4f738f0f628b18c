"""What pages, reports and charts are rendered with: escaping templates and one stylesheet."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pincali_sync.rendering import formats


def environment(package: str, *functions: Callable[..., Any]) -> Environment:
    """Templates from the package's folder `templates`, with the formats as filters.

    Everything is escaped, whatever a template's file is called; a missing name is an error.

    Args:
        functions: may be called in them by their names.
    """
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (
        formats.number,
        formats.share,
        formats.duration,
        formats.age,
        formats.instant,
        formats.money,
    )
    environment.filters.update({each.__name__: each for each in filters})
    environment.globals.update({each.__name__: each for each in functions})
    return environment


def stylesheet(package: str = "pincali_sync.rendering") -> str:
    """The text of the package's `style.css`; without a package, of what all share."""
    return resources.files(package).joinpath("style.css").read_text("utf-8")
