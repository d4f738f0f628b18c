"""Writes `monitoring/prometheus/pincali-sync.rules.yml` from the code's `ALERT_RULES`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pincali_sync.domain.alerts import ALERT_RULES, AlertRule
from pincali_sync.services.insights.metrics import METRICS, Metric

ROOT = Path(__file__).parents[1]
RULES = ROOT / "monitoring" / "prometheus" / "pincali-sync.rules.yml"
RUNBOOK = "docs/runbook.md#"  # and the alert's name in small letters: its line
HEADER = "# Written by `make rules` from pincali_sync/domain/alerts.py: change it there.\n"

# How a value is shown: by these functions of Prometheus' templates.
_SHOWN_WITH = {"share": "humanizePercentage", "seconds": "humanizeDuration", "number": "humanize"}
_METRICS = {metric.name: metric for metric in METRICS}

# What only somebody who looks from outside can tell.
_OUTSIDE_RULES: list[dict[str, Any]] = [
    {
        "alert": "RunnerSilent",
        # Silent for long, or never heard of although somebody shows the figures.
        "expr": "time() - pincali_runner_last_tick_timestamp_seconds > 900 or (pincali_snapshot_up "
        "== 1 unless on (instance) pincali_runner_last_tick_timestamp_seconds)",
        "for": "60s",
        "labels": {"severity": "critical"},
        "annotations": {
            "summary": "The tier runner does nothing",
            "description": "Is cron calling scripts/tier_runner.py? Run it by hand: "
            "it says what is wrong.",
            "runbook": RUNBOOK + "runnersilent",
        },
    },
    {
        "alert": "SnapshotMissing",
        # Three minutes without a value and two of holding: five of silence in all.
        "expr": "pincali_snapshot_up == 0 or absent_over_time(pincali_snapshot_up[3m])",
        "for": "120s",
        "labels": {"severity": "critical"},
        "annotations": {
            "summary": "There are no figures, or only old ones: no other alert can be trusted",
            "description": "Does `pincali-sync web` run, and can it reach the database?",
            "runbook": RUNBOOK + "snapshotmissing",
        },
    },
]


def rules_file() -> str:
    """The rules as Prometheus reads them."""
    rules = [*map(_rule, ALERT_RULES), *_OUTSIDE_RULES]
    group = {"groups": [{"name": "pincali-sync", "rules": rules}]}
    text: str = yaml.safe_dump(group, sort_keys=False, width=1000)
    return HEADER + text


def _rule(rule: AlertRule) -> dict[str, Any]:
    return {
        "alert": rule.name,
        "expr": f"{rule.metric}{_matchers(rule)} {rule.comparison} {rule.threshold}",
        **({"for": f"{rule.hold.total_seconds():.0f}s"} if rule.hold else {}),
        "labels": {"severity": rule.severity},
        "annotations": {
            "summary": f"{rule.summary}{_subject(_METRICS[rule.metric])}{_value(rule)}",
            "description": rule.remedy,
            "runbook": RUNBOOK + rule.name.lower(),
        },
    }


def _matchers(rule: AlertRule) -> str:
    matchers = [f'{name}=~"{"|".join(values)}"' for name, values in rule.only.items()]
    return f"{{{','.join(matchers)}}}" if matchers else ""


def _subject(metric: Metric) -> str:
    """What the value is about, as the tier runner says it."""
    labels = " ".join(f"{name}={{{{ $labels.{name} }}}}" for name in metric.labels)
    return f" ({labels})" if labels else ""


def _value(rule: AlertRule) -> str:
    if rule.shown_as == "nothing":
        return ""
    shown = f": {{{{ $value | {_SHOWN_WITH[rule.shown_as]} }}}}"
    if rule.shown_as != "share":
        return shown
    return f"{shown}, {'above' if rule.comparison == '>' else 'below'} {rule.threshold:.0%}"


def main() -> None:
    """Writes the file."""
    RULES.write_text(rules_file())


if __name__ == "__main__":
    main()
