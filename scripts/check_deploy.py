"""Holds what is in `deploy/`, and the Dockerfile, to their formats: part of `make lint`.

Only what was looked at counts as passed. What this machine has no tool for is said to be not
checked, which fails nothing: systemd and logrotate are no packages of Python.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
SCRIPTS = Path(sysconfig.get_path("scripts"))
CHECKOUT = "/srv/pincali-sync"  # where the units expect it
MOST_EXPOSED = "30"  # of systemd's 100: an ordinary service has 96


class NotCheckedError(Exception):
    """What looks at it is not on this machine."""


def dockerfile() -> list[str]:
    """What hadolint finds in the Dockerfile."""
    return _complaints("hadolint", "--no-color", "--failure-threshold=warning", ROOT / "Dockerfile")


def compose() -> list[str]:
    """Where the compose file departs from the specification's schema."""
    return _complaints(
        "check-jsonschema", "--builtin-schema=vendor.compose-spec", DEPLOY / "compose.yaml"
    )


def kubernetes() -> list[str]:
    """Where a manifest departs from its kind's schema; unknown fields count."""
    manifests = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return _complaints("kubernetes-validate", "--strict", "--quiet", *manifests)


def units() -> list[str]:
    """What systemd would not understand in the units, or would call exposed."""
    with tempfile.TemporaryDirectory() as folder:
        copies = [_as_if_installed(unit, Path(folder)) for unit in _units()]
        services = [each for each in copies if each.suffix == ".service"]
        # What it does not know it passes over with a word, and ends well.
        found = _complaints("systemd-analyze", "verify", *copies, whatever_says=folder)
        options = ("--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}")
        return found + _complaints("systemd-analyze", "security", *options, *services)


def logrotate() -> list[str]:
    """What logrotate would not understand; it reads its file only if nobody else can write it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "logrotate.conf"
        # Here there is no such user.
        copy.write_text((DEPLOY / "logrotate.conf").read_text().replace("    su ", "    # su "))
        copy.chmod(0o644)
        options = ("--debug", f"--state={folder}/state")
        return _complaints("logrotate", *options, copy, whatever_says="error:")


def _units() -> list[Path]:
    return sorted((DEPLOY / "systemd").glob("*.service")) + sorted(
        (DEPLOY / "systemd").glob("*.timer")
    )


def _as_if_installed(unit: Path, folder: Path) -> Path:
    """A copy whose programs are where this checkout has them, as systemd looks for them."""
    copy = folder / unit.name
    copy.write_text(unit.read_text().replace(CHECKOUT, str(ROOT)))
    return copy


def _complaints(program: str, *arguments: str | Path, whatever_says: str = "") -> list[str]:
    """What a program says when it fails; lines with these words in them also when it does not."""
    path = os.pathsep.join((str(SCRIPTS), os.environ.get("PATH", os.defpath), "/usr/sbin"))
    found = shutil.which(program, path=path)
    if found is None:
        raise NotCheckedError(f"there is no {program} here")
    ran = subprocess.run(
        [found, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
    )
    said = (ran.stdout + ran.stderr).strip().splitlines()
    if ran.returncode:
        return said
    return [line for line in said if whatever_says and whatever_says in line]


PARTS: dict[str, Callable[[], list[str]]] = {
    "Dockerfile": dockerfile,
    "deploy/compose.yaml": compose,
    "deploy/kubernetes": kubernetes,
    "deploy/systemd": units,
    "deploy/logrotate.conf": logrotate,
}


def main(names: Sequence[str]) -> int:
    """Prints what each part came to; 1 when any must be mended."""
    failed = False
    for name in names or PARTS:
        try:
            found = PARTS[name]()
        except NotCheckedError as reason:
            print(f"deploy: {name}: not checked: {reason}")
            continue
        failed = failed or bool(found)
        print(f"deploy: {name}: {'to be mended' if found else 'passed'}")
        for line in found:
            print(f"  {line}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
