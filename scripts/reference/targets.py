"""What `make` can do, from the Makefile."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.reference.markdown import NOTICE, cell, code, table

PAGE = (
    NOTICE
    + """# Make targets

Each does its own set-up on a fresh machine. Where what lies in the code:
[architecture](../architecture.md#where-to-look); why it is so: the decisions.

"""
)
_MAKEFILE = Path(__file__).parents[2] / "Makefile"
_TARGET = re.compile(r"^([a-z-]+):.*?## (.*)$", re.M)


def page() -> str:
    """The page of the reference."""
    found = _TARGET.findall(_MAKEFILE.read_text())
    rows = [(code(f"make {target}"), cell(does)) for target, does in found]
    return PAGE + table(["target", "what it does"], rows)
