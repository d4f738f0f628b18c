"""What `import pincali_sync` offers, by its docstrings."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

import pincali_sync
from pincali_sync import aio
from scripts.reference.markdown import NOTICE, cell, code, table

PAGE = (
    NOTICE
    + """# Python

`pincali_sync.aio` has these functions for a running event loop. `pincali_sync` has them for
programs without one and for notebooks: there `listings` and `changes` give iterators, and
`scrape` waits.
Examples: [use the data](../how-to/consume.md#python). Each field of a listing and of a change:
[what consumers get](data.md).
"""
)
_FUNCTIONS: tuple[Callable[..., Any], ...] = (aio.listings, aio.changes, aio.scrape)
_CRITERION = re.compile(r"    (\w+): (.+?)(?:  # (.+))?")


def page() -> str:
    """The page of the reference."""
    return (
        PAGE
        + "".join(map(_function, _FUNCTIONS))
        + f"\n## Criteria\n\n{_words(aio.Criteria.__doc__)}\n\n"
        + table(["criterion", "type", "meaning"], _criteria())
        + "\n## Errors\n\nAll of them are a `PincaliSyncError`.\n\n"
        + table(["error", "meaning"], _errors())
    )


def _function(function: Callable[..., Any]) -> str:
    [tree] = ast.parse(inspect.getsource(function)).body
    assert isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef)
    kind = "async def" if isinstance(tree, ast.AsyncFunctionDef) else "def"
    called = f"{kind} {function.__name__}({ast.unparse(tree.args)})"
    result = "" if tree.returns is None else f" -> {ast.unparse(tree.returns)}"
    said = inspect.getdoc(function) or ""
    return f"\n## {function.__name__}\n\n```python\n{called}{result}\n```\n\n{_sections(said)}\n"


def _sections(said: str) -> str:
    """A docstring; what is listed in it as arguments or errors as lists."""
    parts = []
    for part in said.split("\n\n"):
        head, _, rest = part.partition(":\n")
        if head in {"Args", "Raises", "Returns"}:
            entries = re.split(r"\n(?=    \S)", rest)
            listed = "\n".join(f"- {_entry(each)}" for each in entries)
            part = f"{head}:\n\n{listed}"  # noqa: PLW2901
        else:
            part = _words(part)  # noqa: PLW2901
        parts.append(part)
    return "\n\n".join(parts)


def _entry(text: str) -> str:
    name, colon, meaning = _words(text).partition(": ")
    return f"`{name}`: {meaning}" if colon else name


def _criteria() -> list[tuple[str, str, str]]:
    lines = inspect.getsource(aio.Criteria).splitlines()
    found = filter(None, map(_CRITERION.fullmatch, lines))
    return [(code(each[1]), code(each[2]), cell(each[3] or "")) for each in found]


def _errors() -> list[tuple[str, str]]:
    kinds = [getattr(pincali_sync, name) for name in pincali_sync.__all__]
    root = pincali_sync.PincaliSyncError
    errors = [each for each in kinds if isinstance(each, type) and issubclass(each, root)]
    return [(code(each.__name__), cell(each.__doc__ or "")) for each in errors if each is not root]


def _words(text: str | None) -> str:
    return " ".join((text or "").split())
