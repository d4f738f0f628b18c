"""Tables and cells of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pincali_sync.config import Config

NOTICE = "<!-- `make reference` writes this page from the code: change it there -->\n"
# A variable's name that stands outside of a code span.
_VARIABLE = re.compile(rf"(?<![`\w])({'|'.join(map(str.upper, Config.model_fields))})(?![`\w])")


def cell(text: str) -> str:
    """A text as a cell of a table."""
    words = " ".join(text.split()).replace("|", "\\|")
    return _VARIABLE.sub(r"`\1`", words.replace("<", "&lt;"))


def code(text: str) -> str:
    """A code span for a cell; nothing for an empty text."""
    return f"`{text.replace('|', chr(92) + '|')}`" if text else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
