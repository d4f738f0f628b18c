"""What is installed is what was recorded: each package at one version, known by its hashes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKED = ["requirements.txt", "requirements-dev.txt", "requirements-installers.txt"]
REQUIREMENT = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?: --hash=sha256:[0-9a-f]{64})+"
)


def requirements(name: str) -> list[str]:
    """One text for each package, with the lines that go on."""
    return (ROOT / name).read_text().replace(" \\\n   ", "").splitlines()


def pins(name: str) -> dict[str, str]:
    found = map(REQUIREMENT.fullmatch, requirements(name))
    return {each["name"]: each["version"] for each in found if each}


@pytest.mark.parametrize("name", LOCKED)
def test_every_package_has_a_version_and_hashes_and_nothing_else_stands_there(name: str) -> None:
    assert [each for each in requirements(name) if not REQUIREMENT.fullmatch(each)] == []


@pytest.mark.parametrize("name", LOCKED)
def test_whatever_is_asked_for_is_recorded(name: str) -> None:
    lines = (ROOT / name).with_suffix(".in").read_text().splitlines()
    asked = {line.partition("[")[0] for line in lines if re.match(r"\w", line)}
    assert asked
    assert asked - set(pins(name)) == set()


def test_the_files_agree_on_every_version() -> None:
    everything = pins("requirements-dev.txt")
    assert pins("requirements.txt").items() <= everything.items()
    assert pins("requirements-installers.txt")["pip"] == everything["pip"]


def test_setup_installs_nothing_that_was_not_recorded() -> None:
    script = (ROOT / "scripts" / "setup.sh").read_text()
    installs = [line for line in script.splitlines() if '"${install[@]}"' in line]
    assert len(installs) == 3
    for line in installs:
        assert '"${checked[@]}" -r' in line or "--no-deps --no-build-isolation -e ." in line
