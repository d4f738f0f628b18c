"""What jobs leave on the disk of the machine that they ran on."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_a_jobs_log_is_its_owners_alone(tmp_path: Path) -> None:
    """On a node of one's own, too, whatever its umask."""
    subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "unknown", "--logfile", "job.log"],
        cwd=tmp_path,
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "pincali_sync.settings"},
        capture_output=True,
        umask=0o022,
        check=False,
    )
    assert stat.S_IMODE((tmp_path / "job.log").stat().st_mode) == 0o600
