"""The variables: a page, and the file to begin a `.env` with."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from pincali_sync import variables
from pincali_sync.config import Config
from scripts.reference.markdown import NOTICE, cell, code, table

PAGE = (
    NOTICE
    + """# Variables

From the environment or from `.env` in the folder where a command is run; the environment wins,
and an empty value counts as none. A value that is refused is named, with what it accepts.
`pincali-sync config` shows what is in force, secrets masked.
"""
)
HEAD = ("variable", "what for, and what it accepts", "default")
EXAMPLE = "# Copy to `.env` and set what differs. Commented lines show the defaults.\n"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable, with the group that it stands in."""

    name: str
    group: str
    purpose: str
    accepts: str
    default: str


def found() -> Iterator[Variable]:
    """The variables, in the order of the code."""
    source = inspect.getsource(variables)
    lines, group, purposes = source.splitlines(), "", _purposes(source)
    for name, line in _fields(source):
        if lines[line - 2].startswith("    # "):
            group = lines[line - 2].strip("# ")
        field = Config.model_fields[name]
        accepts = " ".join((field.description or "").split())
        purpose = purposes.get(name, "")
        accepts = "" if accepts == purpose else accepts
        yield Variable(name.upper(), group, purpose, accepts, _shown(name, field.default))


def page() -> str:
    """The page of the reference."""
    text, group = PAGE, ""
    for each in found():
        if each.group != group:
            group = each.group
            text += f"\n## {group}\n\n" + table(
                ["variable", "what for, and what it accepts", "default"], []
            )
        accepts = f"*{cell(each.accepts)}*" if each.accepts else ""
        cells = [code(each.name), f"{cell(each.purpose)} {accepts}".strip(), code(each.default)]
        text += f"| {' | '.join(cells)} |\n"
    return text


def example() -> str:
    """The file of examples."""
    text = EXAMPLE
    for each in found():
        accepts = f"Accepts: {each.accepts}" if each.accepts else ""
        said = [*wrap(each.purpose, 98), *wrap(accepts, 98)]
        text += "\n" + "".join(f"# {line}\n" for line in said) + f"#{each.name}={each.default}\n"
    return text


def _class_body(source: str) -> list[ast.stmt]:
    [body] = [
        node.body
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == variables.Variables.__name__
    ]
    return body


def _fields(source: str) -> Iterator[tuple[str, int]]:
    for node in _class_body(source):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.lineno


def _purposes(source: str) -> dict[str, str]:
    """The text below each field."""
    body = _class_body(source)
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


def _shown(name: str, default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, tuple):
        return ("|" if name == "user_agents" else ",").join(map(str, default))
    return str(int(default)) if isinstance(default, bool) else str(default)
