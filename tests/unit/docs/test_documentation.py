"""What the README and the example file promise is there, and nothing is left unsaid."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import pincali_sync
from pincali_sync.cli.app import app
from pincali_sync.config import Config
from pincali_sync.db.models import metadata
from scripts.reference import __main__ as reference
from scripts.reference import commands, python, variables

ROOT = Path(__file__).parents[3]
ROOTS = (ROOT, ROOT / "pincali_sync")  # what the pages name files below
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
VARIABLES = {name.upper() for name in Config.model_fields}


@pytest.mark.parametrize("path", reference.FILES, ids=lambda path: path.name)
def test_the_reference_says_what_the_code_does(path: Path) -> None:
    assert path.read_text() == reference.FILES[path](), "not current: `make reference` writes it"


def test_every_variable_says_what_it_is_for_in_a_group_of_the_reference() -> None:
    told = list(variables.found())
    assert {each.name for each in told} == VARIABLES
    assert [each.name for each in told if not (each.purpose and each.group)] == []


def test_programs_can_name_every_error_that_they_are_told_of() -> None:
    raised = set(re.findall(r"^- `(\w+Error)`", python.page(), re.M))
    assert len(raised) > 5
    assert raised - {*pincali_sync.__all__} == set()


def test_the_reference_of_commands_leaves_none_out() -> None:
    listed = {name.split()[0] for name in commands.names()}
    assert listed >= {command.name for command in app.registered_commands}
    assert listed >= {group.name for group in app.registered_groups}


def test_the_reference_of_commands_tells_each_exit_status_once() -> None:
    told = re.findall(r"^\| (\d+) \|", commands.page(), re.M)
    assert {"0", "130", "141", "143"} <= {*told}
    assert sorted({*told}) == sorted(told)


def test_the_architecture_says_what_every_table_is_for() -> None:
    architecture = (ROOT / "docs" / "architecture.md").read_text()
    told = architecture.partition("## Where state lives")[2].partition("\n## ")[0]
    assert {*metadata.tables} - {*re.findall(r"`(\w+)`", told)} == set()


def test_every_command_that_is_named_is_there_and_whole() -> None:
    """`pincali-sync removals` alone would only print its help."""
    texts = [*DOCUMENTS, *(ROOT / "pincali_sync").rglob("*.py")]
    named = {
        " ".join(each.split())
        for text in texts
        for each in re.findall(r"`(?:\.venv/bin/)?pincali-sync ([a-z][^`]*)`", text.read_text())
    }
    assert len(named) > 50
    assert sorted(each for each in named if not is_command(each)) == []


def test_a_command_of_the_runbook_is_whole_without_the_programs_name_too() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    groups = {name.split()[0] for name in commands.names() if " " in name}
    spans = re.findall(r"`([a-z][^`]*)`", runbook)
    of_groups = [each for each in spans if each.split()[0] in groups]
    assert len(of_groups) > 5
    assert [each for each in of_groups if not is_command(each)] == []


def is_command(typed: str) -> bool:
    """Whether what is typed after the program's name begins with a command that does something."""
    return any(f"{typed} ".startswith(f"{name} ") for name in commands.names())


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 120


def test_no_document_names_a_variable_that_is_not_there() -> None:
    for document in DOCUMENTS:
        named = re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", document.read_text())
        assert set(named) - VARIABLES == set(), document.name


@pytest.mark.parametrize(
    "target", ["setup", "demo", "test", "lint", "audit", "bench", "up", "down", "docs"]
)
def test_every_promised_make_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


def test_the_licence_that_is_declared_is_there() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"]
    assert (ROOT / "LICENSE").read_text().startswith(f"{declared} License\n")


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for document in DOCUMENTS:
        for link in re.findall(r"\]\((?!http)([^)]+)", document.read_text()):
            path, _, anchor = link.partition("#")
            target = (document.parent / path) if path else document
            assert target.exists(), f"{document.name}: {link}"
            assert not anchor or anchor in anchors(target), f"{document.name}: {link}"


def test_the_pictures_are_few_small_and_shown() -> None:
    pictures = list((ROOT / "docs" / "pictures").iterdir())
    shown = "".join(document.read_text() for document in DOCUMENTS)
    assert len(pictures) <= 6
    assert [each.name for each in pictures if each.stat().st_size >= 100_000] == []
    assert [each.name for each in pictures if f"pictures/{each.name}" not in shown] == []


def anchors(document: Path) -> set[str]:
    """The names that can be linked to: headings, as they are made on the web and in the site."""
    text = document.read_text()
    titles = re.findall(r"^#+ (.*)$", text, re.M)
    return set(re.findall(r'<a id="([\w-]+)">', text)) | {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles
    }


def test_what_the_program_refers_to_is_there() -> None:
    """Remedies, alerts and units name pages and their headings by their paths."""
    files = [*(ROOT / "pincali_sync").rglob("*.py"), *(ROOT / "deploy").rglob("*.service")]
    files += [*(ROOT / "scripts").rglob("*.py"), *(ROOT / "monitoring").rglob("*.yml")]
    named = {
        each
        for file in files
        for each in re.findall(r"\b(docs/[\w/-]+\.md)(?:#([\w-]+))?", file.read_text())
    }
    assert len(named) > 5
    for path, anchor in named:
        assert (ROOT / path).exists(), path
        assert not anchor or anchor in anchors(ROOT / path), f"{path}#{anchor}"


def test_every_file_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`([a-z_/]+(?:\.py|/))`", text))
    assert len(named) > 30
    missing = [name for name in named if not any((root / name).exists() for root in ROOTS)]
    assert missing == []
