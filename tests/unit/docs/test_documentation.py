"""What the README and the example file promise is there, and nothing is left unsaid."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pincali_sync.cli.app import app
from pincali_sync.config import Config

ROOT = Path(__file__).parents[3]
ROOTS = (ROOT, ROOT / "pincali_sync")  # what the pages name files below
README = (ROOT / "README.md").read_text()
VARIABLES = {name.upper() for name in Config.model_fields}


def test_the_example_file_names_every_variable_and_no_other() -> None:
    named = re.findall(r"^#?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M)
    assert sorted(named) == sorted(VARIABLES)


def test_the_readme_names_every_variable() -> None:
    assert {name for name in VARIABLES if f"`{name}`" not in README} == set()


def test_no_document_names_a_variable_that_is_not_there() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        named = re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", document.read_text())
        assert set(named) - VARIABLES == set(), document.name


def test_the_readme_names_every_command() -> None:
    commands = [command.name for command in app.registered_commands]
    commands += [group.name for group in app.registered_groups]
    assert commands
    assert [name for name in commands if f"`{name}" not in README] == []


@pytest.mark.parametrize(
    "target", ["setup", "demo", "test", "lint", "audit", "bench", "up", "down"]
)
def test_every_promised_make_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


def test_the_licence_that_is_declared_is_there() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"]
    assert (ROOT / "LICENSE").read_text().startswith(f"{declared} License\n")


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"\]\((?!http)([^)#]+)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_every_file_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`([a-z_/]+(?:\.py|/))`", text))
    assert len(named) > 30
    missing = [name for name in named if not any((root / name).exists() for root in ROOTS)]
    assert missing == []
