"""The figures of a quality report, as plain values that are kept and compared.

Every number that the next report is compared by has its place in nested mappings; only examples
and texts stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pincali_sync.db.repositories.quality.quality import RuleFinding
from pincali_sync.db.repositories.quality.quality_sql import WITHIN_DAYS, age_names
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.listing_fields import COVERED_FIELDS
from pincali_sync.domain.statistics import wilson_interval

Figures = dict[str, Any]

SAMPLED_DAYS = 31
AUDITED_WEEKS = 8


async def measure(tx: UnitOfWork, now: datetime) -> Figures:
    """All figures at this moment: some seconds for a million listings."""
    operations = await tx.quality.overview(now=now)
    anomalies = await tx.quality.anomalies(now=now)
    doubles = await tx.quality.doubles()
    rules = await tx.quality.rules(await tx.rules.active())
    figures = {
        **_totals(operations),
        "coverage": _coverage(operations),
        "freshness": _freshness(operations),
        "anomalies": {
            name: {"listings": found.listings, "examples": list(found.examples)}
            for name, found in anomalies.items()
        },
        "duplicates": {
            name: {
                "groups": found.groups,
                "listings": found.listings,
                "examples": [list(pair) for pair in found.examples],
            }
            for name, found in doubles.items()
        },
        "rules": {finding.rule.rule_name: _rule(finding) for finding in rules},
        "samples": _accuracy(
            await tx.quality.samples(since=now - timedelta(days=SAMPLED_DAYS), now=now)
        ),
        "removal_audit": _audit(
            await tx.quality.audits(since=now - timedelta(weeks=AUDITED_WEEKS), now=now)
        ),
    }
    return {**figures, "in_short": _in_short(figures)}


def _in_short(figures: Figures) -> Figures:
    """The handful that matters most."""
    return {
        "listings": figures["listings"],
        "scraped_within_30_days": figures["freshness"]["within_days"]["30"],
        "average_completeness": figures["average_completeness"],
        "accuracy": figures["samples"]["accuracy"]["share"],
        "false_removals": figures["removal_audit"]["false_positives"]["share"],
        "odd_values": sum(each["listings"] for each in figures["anomalies"].values()),
        "doubled_public_ids": figures["duplicates"]["same_public_id"]["groups"],
        "broken_rules": sum(each["broken"] or 0 for each in figures["rules"].values()),
    }


def estimate(successes: int, trials: int) -> Figures:
    """A share with its 95 % interval; all None where nothing was tried."""
    interval = wilson_interval(successes, trials)
    if interval is None:
        return {"share": None, "low": None, "high": None, "trials": 0}
    low, high = interval
    return {
        "share": round(successes / trials, 6),
        "low": round(low, 6),
        "high": round(high, 6),
        "trials": trials,
    }


def _sum(rows: Sequence[Mapping[str, Any]], name: str) -> Any:
    return sum(row[name] for row in rows)


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _totals(operations: Sequence[Mapping[str, Any]]) -> Figures:
    listings = _sum(operations, "listings")
    return {
        "listings": listings,
        "likely_removed": _sum(operations, "likely_removed"),
        "flagged": _sum(operations, "flagged"),
        "average_completeness": _share(_sum(operations, "completeness"), listings),
    }


def _coverage(operations: Sequence[Mapping[str, Any]]) -> Figures:
    def of(rows: Sequence[Mapping[str, Any]]) -> Figures:
        listings = _sum(rows, "listings")
        fields = {name: _share(_sum(rows, f"has_{name}"), listings) for name in COVERED_FIELDS}
        return {"listings": listings, "fields": fields}

    return {
        "all": of(operations),
        "operations": {row["operation"]: of([row]) for row in operations},
    }


def _freshness(operations: Sequence[Mapping[str, Any]]) -> Figures:
    listings = _sum(operations, "listings")
    oldest = min((row["oldest"] for row in operations if row["oldest"]), default=None)
    return {
        "ages": {name: _sum(operations, f"age_{name}") for name in age_names()},
        "within_days": {
            str(days): _share(_sum(operations, f"within_{days}"), listings) for days in WITHIN_DAYS
        },
        "oldest": oldest.isoformat() if oldest else None,
    }


def _rule(finding: RuleFinding) -> Figures:
    rule, broken = finding.rule, finding.broken
    return {
        "field": rule.field_name,
        "type": rule.rule_type,
        "severity": rule.severity,
        "broken": None if broken is None else broken.listings,
        "examples": [] if broken is None else list(broken.examples),
        "unusable": finding.unusable,
    }


def _accuracy(samples: Mapping[str, int]) -> Figures:
    """A record was right where its page was there and had no news that the tiers had missed."""
    looked_at = samples["there"] + samples["gone"]
    return {
        **samples,
        "accuracy": estimate(samples["there"] - samples["with_price_news"], looked_at),
        "accuracy_of_all_fields": estimate(samples["there"] - samples["with_news"], looked_at),
    }


def _audit(audits: Mapping[str, int]) -> Figures:
    judged = audits["alive"] + audits["gone"] + audits["sold"]
    return {**audits, "false_positives": estimate(audits["alive"], judged)}
