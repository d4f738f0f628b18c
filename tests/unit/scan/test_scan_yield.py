"""How far a scan fell short."""

from __future__ import annotations

import pytest

from pincali_sync.domain.alerts import ALERT_RULES, Sample, firing
from pincali_sync.services.runs.run_figures import SourceYield, drop_of


@pytest.mark.parametrize(
    ("found", "alerts"), [(9_499, ["PropertyCountDropped"]), (9_500, []), (10_100, [])]
)
def test_only_a_drop_of_more_than_one_in_twenty_is_an_alert(found: int, alerts: list[str]) -> None:
    drop = drop_of([SourceYield(source="sale", found=found, expected=10_000)])
    assert drop is not None
    sample = Sample(metric="pincali_scan_drop_ratio", labels={"tier": "3"}, value=drop)
    assert [each.rule.name for each in firing([sample], ALERT_RULES)] == alerts


def test_a_source_without_expectation_does_not_hide_the_drop_of_another() -> None:
    rent = SourceYield(source="rent", found=80, expected=100)
    new = SourceYield(source="new_construction", found=500, expected=None)
    assert drop_of([rent, new]) == 0.2
    assert drop_of([new]) is None
