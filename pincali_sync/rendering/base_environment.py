"""Templates that escape everything they are given."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from pincali_sync.rendering import formats


def base_environment(package: str) -> Environment:
    """Templates from the package's folder `templates`, with the formats as filters.

    Everything is escaped, whatever a template's file is called; a missing name is an error.
    """
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for each in (
        formats.number,
        formats.share,
        formats.duration,
        formats.age,
        formats.instant,
        formats.money,
    ):
        environment.filters[each.__name__] = each
    return environment
