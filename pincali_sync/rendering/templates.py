"""What pages and reports are rendered with: templates, charts and one stylesheet."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment

from pincali_sync.rendering.base_environment import base_environment
from pincali_sync.rendering.charts import bar_chart, line_chart


def environment(package: str) -> Environment:
    """The package's templates; `line_chart` and `bar_chart` may be called in them."""
    templates = base_environment(package)
    templates.globals.update(line_chart=line_chart, bar_chart=bar_chart)
    return templates


def stylesheet() -> str:
    """The text of `style.css`."""
    return resources.files("pincali_sync.rendering").joinpath("style.css").read_text("utf-8")
