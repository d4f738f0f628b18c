"""What Prometheus, Grafana and people are told of metrics and alerts is what the code gives."""

from __future__ import annotations

import json
import re
import runpy
from typing import Any

from pincali_sync.domain.alerts import ALERT_RULES
from tests.support.monitoring import DASHBOARD, LABELS, ROOT, metrics_in, prometheus_rules


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def targets() -> list[dict[str, str]]:
    return [target for panel in panels() for target in panel["targets"]]


def expressions() -> list[str]:
    """Every expression of the rules and of the dashboard."""
    return [*(rule["expr"] for rule in prometheus_rules()), *(each["expr"] for each in targets())]


def test_the_rules_are_what_the_code_gives() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "write_prometheus_rules.py"))
    assert script["RULES"].read_text() == script["rules_file"](), "`make rules` writes them"


def test_every_condition_of_the_tier_runner_is_a_rule_of_prometheus() -> None:
    assert {rule.name for rule in ALERT_RULES} <= {rule["alert"] for rule in prometheus_rules()}
    assert {rule.metric for rule in ALERT_RULES} <= set(LABELS)


def test_the_document_names_every_metric_and_no_other() -> None:
    document = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    assert set(re.findall(r"^\| `(pincali_\w+)`", document, re.M)) == set(LABELS)


def test_every_metric_that_is_asked_for_exists() -> None:
    asked = set().union(*map(metrics_in, expressions()))
    assert asked - set(LABELS) == set()


def test_every_metric_is_shown() -> None:
    asked = set().union(*map(metrics_in, expressions()))
    assert set(LABELS) - asked == set()


def test_a_panel_names_only_labels_that_its_metric_has() -> None:
    wrong = [
        each for each in targets() if not labels_named(each) <= labels_of(metrics_in(each["expr"]))
    ]
    assert wrong == []


def labels_named(target: dict[str, str]) -> set[str]:
    """The labels in a legend, and those that are summed by."""
    summed_by = ", ".join(re.findall(r"\bby \(([^)]*)\)", target["expr"]))
    return {*re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]), *re.findall(r"\w+", summed_by)}


def labels_of(metrics: set[str]) -> set[str]:
    return set().union(*(LABELS[name] for name in metrics))


def test_a_panel_has_a_description_a_unit_and_no_data_source_of_one_installation() -> None:
    assert panels()
    for panel in panels():
        assert panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        sources = {each["datasource"]["uid"] for each in (panel, *panel["targets"])}
        assert sources == {"${datasource}"}, panel["title"]


def test_the_list_of_open_alerts_knows_them_all() -> None:
    listed = [
        set(names.split("|"))
        for target in targets()
        for names in re.findall(r'alertname=~"([^"]*)"', target["expr"])
    ]
    assert listed
    assert all(names == {rule["alert"] for rule in prometheus_rules()} for names in listed)


def test_a_panel_overlaps_no_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
    assert max(x for x, _ in taken) < 24
