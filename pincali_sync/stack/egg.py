"""The egg that Scrapyd nodes elsewhere are given."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pincali_sync.exceptions import RunnerError

_ROOT = Path(__file__).resolve().parents[2]
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
        build = subprocess.run(
            [str(Path(sys.executable).parent / "scrapyd-deploy"), f"--build-egg={target}"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    if build.returncode or not target.exists():
        said = (build.stderr or build.stdout).strip().splitlines()
        raise RunnerError(f"the egg could not be built: {said[-1] if said else 'no reason given'}")
    return target
