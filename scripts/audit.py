"""Looks for known faults in the pinned packages, for dangerous code, and for secrets in the tree.

`make audit` runs it, and `make lint` what needs no service. Only what was looked at counts as
passed: where the service that publishes faults cannot be reached, or a file cannot be read, that
part could not be made, which is an error.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCKED = ("requirements-dev.txt", "requirements-installers.txt")
CODE = ("pincali_sync", "workshop", "scripts", "migrations", "bench", "setup.py")
SCRIPTS = Path(sysconfig.get_path("scripts"))

# Lines of hashes are no secrets, and words that stand for one or name one are none either.
_WORDS = "^(password|pw|pincali-sync|scrapyd-access)$"
_NO_SECRETS = ("--exclude-files", r"^requirements.*\.txt$", "--exclude-secrets", _WORDS)
# Tests make up passwords by the dozen: there, only what has the form of a real key is one.
_IN_TESTS = ("--disable-plugin", "BasicAuthDetector", "--disable-plugin", "KeywordDetector")


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one part: `found` where something must be mended, `missed` where none looked."""

    name: str
    found: Sequence[str] = ()
    missed: Sequence[str] = ()

    @property
    def outcome(self) -> str:
        """In a word or two."""
        if self.found:
            return "FOUND"
        return "COULD NOT BE MADE, which is not a pass" if self.missed else "passed"


def packages(root: Path = ROOT) -> Part:
    """Asks the package index which faults it knows of in the recorded versions."""
    files = [argument for name in LOCKED for argument in ("-r", str(root / name))]
    # Without --strict, a package that the service does not know would pass.
    ran = _run(
        root, "pip-audit", "--strict", "--disable-pip", "--progress-spinner=off", "-f=json", *files
    )
    if not ran.stdout.strip():
        why = ran.stderr.strip().splitlines()[-1:]
        return Part(
            "packages", missed=["the index's service for known faults did not answer", *why]
        )
    return Part("packages", found=known_faults(json.loads(ran.stdout)))


def known_faults(answer: dict[str, Any]) -> list[str]:
    """A line for each fault in what pip-audit found."""
    return [
        f"{package['name']} {package['version']}: {fault['id']},"
        f" mended in {', '.join(fault['fix_versions']) or 'no version'}"
        for package in answer["dependencies"]
        for fault in package["vulns"]
    ]


def code(root: Path = ROOT, names: Sequence[str] = CODE) -> Part:
    """Lets bandit read everything that is run outside of tests; pyproject.toml configures it."""
    configuration = str(ROOT / "pyproject.toml")
    ran = _run(root, "bandit", "-q", "-c", configuration, "-f", "json", "-r", *names)
    if not ran.stdout.strip():
        return Part("code", missed=ran.stderr.strip().splitlines()[-1:])
    answer = json.loads(ran.stdout)
    found = [
        f"{each['filename']}:{each['line_number']}: {each['test_id']} {each['issue_text']}"
        for each in answer["results"]
    ]
    # Bandit ends well although it could not read a file.
    return Part(
        "code", found, [f"{each['filename']}: {each['reason']}" for each in answer["errors"]]
    )


def secrets(root: Path = ROOT) -> Part:
    """Looks for keys, tokens and passwords in every file that git has, or would take."""
    listed = _run(
        root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"
    ).stdout
    files = [name for name in listed.split("\0") if (root / name).is_file()]
    if not files:
        return Part("secrets", missed=[f"{root} is no checkout of git"])
    tests = [name for name in files if name.startswith("tests/")]
    others = [name for name in files if name not in set(tests)]
    found = [*_secrets_in(root, others), *_secrets_in(root, tests, *_IN_TESTS)]
    return Part("secrets", found)


def _secrets_in(root: Path, files: Sequence[str], *options: str) -> Iterable[str]:
    """Where the secrets are and of which kind; themselves they are not shown."""
    if not files:
        return
    ran = _run(root, "detect-secrets", "scan", *_NO_SECRETS, *options, *files)
    for name, places in json.loads(ran.stdout)["results"].items():
        for place in places:
            yield f"{name}:{place['line_number']}: {place['type']}"


def _run(root: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    installed = SCRIPTS / program
    return subprocess.run(
        [str(installed) if installed.exists() else program, *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


PARTS = {"packages": packages, "code": code, "secrets": secrets}


def main(names: Sequence[str]) -> int:
    """Prints what each part found; 1 when any found something or could not be made."""
    parts = [PARTS[name]() for name in names or PARTS]
    for part in parts:
        print(f"audit: {part.name}: {part.outcome}")
        for line in (*part.found, *part.missed):
            print(f"  {line}")
    return int(any(part.found or part.missed for part in parts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
