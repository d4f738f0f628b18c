"""What lies in `monitoring/`, and Prometheus' checker for it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from pincali_sync.services.insights.metrics import METRICS

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "monitoring" / "prometheus"
DASHBOARD = ROOT / "monitoring" / "grafana" / "pincali-sync.json"
# Label names by metric; the last three are what the endpoint says of itself.
LABELS = {metric.name: set(metric.labels) for metric in METRICS} | {
    "pincali_snapshot_up": set(),
    "pincali_snapshot_age_seconds": set(),
    "pincali_build_info": {"version"},
}


def prometheus_rules() -> list[dict[str, Any]]:
    """Every rule of the file that Prometheus loads."""
    document = yaml.safe_load((PROMETHEUS / "pincali-sync.rules.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def rule_cases() -> list[dict[str, Any]]:
    """The cases in which the rules are tried."""
    cases: list[dict[str, Any]] = yaml.safe_load(
        (PROMETHEUS / "pincali-sync.rules.test.yml").read_text()
    )["tests"]
    return cases


def metrics_in(text: str) -> set[str]:
    """The names of our metrics in an expression."""
    return set(re.findall(r"\bpincali_\w+", text))


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs promtool where the rules lie."""
    beside_python = str(Path(sys.executable).parent)
    program = shutil.which("promtool") or shutil.which("promtool", path=beside_python)
    assert program is not None, (
        "promtool is missing: put the one of a Prometheus release on the PATH "
        "(https://prometheus.io/download); on Debian `make clean setup` fetches it"
    )
    return subprocess.run(
        [program, *words], cwd=PROMETHEUS, capture_output=True, text=True, check=False, timeout=60
    )
