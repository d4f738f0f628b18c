"""The egg that Scrapyd nodes elsewhere are given."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pincali_sync.exceptions import RunnerError

_ROOT = Path(__file__).resolve().parents[3]
_BUILD_SECONDS = 120
_PARTS = (
    "pincali_sync",
    "setup.py",
    "scrapy.cfg",
    "pyproject.toml",
    "requirements.in",
    "README.md",
)


def build_egg(target: Path) -> Path:
    """Builds the egg with `scrapyd-deploy`, from a copy: two builds at once do not collide.

    Raises:
        RunnerError: with the last line of what the build said.
    """
    with tempfile.TemporaryDirectory() as folder:
        for part in _PARTS:
            source = _ROOT / part
            if source.is_dir():
                shutil.copytree(
                    source, Path(folder) / part, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copy(source, folder)
        # scrapyd-deploy leaves a temporary folder behind: it may do so in ours.
        scratch = Path(folder) / "tmp"
        scratch.mkdir()
        said = _build(Path(folder), scratch, target.absolute())
    if not target.exists():
        raise RunnerError(f"the egg could not be built: {said[-1] if said else 'no reason given'}")
    return target


def _build(folder: Path, scratch: Path, target: Path) -> list[str]:
    """Builds in the folder and returns what was said, line by line."""
    target.unlink(missing_ok=True)  # an older egg must not pass for the new one
    command = [str(Path(sys.executable).parent / "scrapyd-deploy"), f"--build-egg={target}"]
    try:
        build = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "TMPDIR": str(scratch)},
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [f"not done after {_BUILD_SECONDS} s"]
    return (build.stderr or build.stdout).strip().splitlines()
