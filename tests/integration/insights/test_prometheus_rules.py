"""Prometheus takes the rules, and judges by them as the tier runner does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pincali_sync.domain.alerts import ALERT_RULES, AlertRule, Sample, firing
from tests.support.monitoring import (
    DASHBOARD,
    metrics_in,
    prometheus_rules,
    promtool,
    rule_cases,
)

Subject = frozenset[tuple[str, str]]

RULES = {rule.name: rule for rule in ALERT_RULES}


@pytest.mark.parametrize(
    "words",
    [
        ("check", "rules", "pincali-sync.rules.yml"),
        ("test", "rules", "pincali-sync.rules.test.yml"),
        ("check", "config", "prometheus.example.yml"),
        ("check", "config", "prometheus.compose.yml"),
    ],
    ids=" ".join,
)
def test_promtool_has_nothing_to_say_against(words: tuple[str, ...]) -> None:
    said = promtool(*words)
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_expression_of_the_dashboard_is_one(tmp_path: Path) -> None:
    found = re.findall(r'"expr": ("(?:[^"\\]|\\.)*")', DASHBOARD.read_text())
    rules = [
        {"record": f"panel:{number}", "expr": json.loads(expr).replace("$instance", ".*")}
        for number, expr in enumerate(found)
    ]
    assert len(rules) > 20
    file = tmp_path / "dashboard.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    said = promtool("check", "rules", file)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("alert", [rule["alert"] for rule in prometheus_rules()])
def test_every_alert_is_tried_where_it_fires_and_where_it_nearly_does(alert: str) -> None:
    (rule,) = (rule for rule in prometheus_rules() if rule["alert"] == alert)
    verdicts = set()
    for case in rule_cases():
        about = {name for series in case["input_series"] for name in metrics_in(series["series"])}
        for judged in case["alert_rule_test"]:
            if judged["alertname"] == alert and about <= metrics_in(rule["expr"]):
                verdicts.add(bool(judged["exp_alerts"]))
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    "case",
    [case for case in rule_cases() if case["alert_rule_test"][0]["alertname"] in RULES],
    ids=lambda case: case["name"],
)
def test_the_tier_runner_judges_as_prometheus_does(case: Mapping[str, Any]) -> None:
    (judged,) = case["alert_rule_test"]
    rule = RULES[judged["alertname"]]
    expected = {_subject(alert["exp_labels"]) for alert in judged["exp_alerts"]}
    now = int(judged["eval_time"].removesuffix("m"))
    assert _broken_throughout(rule, case["input_series"], now) == expected


def _broken_throughout(rule: AlertRule, series: Iterable[Any], now: int) -> set[Subject]:
    """What breaks the rule in minute `now`, and did in each for as long as the rule holds back."""
    began = now - int(rule.hold.total_seconds() // 60)
    return {
        _subject(_sample_at(now, each).labels)
        for each in series
        if began >= 0
        and all(firing([_sample_at(minute, each)], [rule]) for minute in range(began, now + 1))
    }


def _subject(labels: Mapping[str, str]) -> Subject:
    return frozenset((name, value) for name, value in labels.items() if name != "severity")


def _sample_at(minute: int, series: Mapping[str, Any]) -> Sample:
    metric, _, labels = series["series"].partition("{")
    return Sample(
        metric=metric,
        labels=dict(re.findall(r'(\w+)="([^"]*)"', labels)),
        value=_values(str(series["values"]))[minute],
    )


def _values(notation: str) -> list[float]:
    """`1.1x3 0+0x2` is four times 1.1 and three times 0: the parts of the notation in use."""
    values: list[float] = []
    for part in notation.split():
        value, _, repeats = part.replace("+0", "").partition("x")
        values += [float(value)] * (int(repeats or 0) + 1)
    return values
