"""Every failure that is written down is held by tests that are there."""

from __future__ import annotations

import ast
import re

from tests.support.monitoring import ROOT

LINES = [
    line
    for line in (ROOT / "docs" / "failures.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| it happens")
]
NAMED = re.compile(r"`(test_\w+)`")


def collected() -> set[str]:
    """The names of all tests, as pytest finds them."""
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }


def test_every_failure_is_held_by_tests_that_are_there() -> None:
    tests = collected()
    assert len(LINES) >= 27
    for line in LINES:
        named = NAMED.findall(line.rsplit("|", 2)[1])
        assert named, line
        assert set(named) <= tests, line
