"""The figures of a quality report, as plain values that are kept and compared.

Every number that the next report is compared by has its place in nested mappings; only examples
and texts stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pincali_sync.db.repositories.insights.figures import AuditFigures
from pincali_sync.db.repositories.quality.quality import AGES, WITHIN_DAYS
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.statistics import wilson_interval
from pincali_sync.items import COVERED_FIELDS

Figures = dict[str, Any]

SAMPLED_DAYS = 31


async def measure(tx: UnitOfWork, now: datetime) -> Figures:
    """All figures at this moment: some seconds for a million listings."""
    total, *operations = await tx.quality.overview(now=now)
    samples = await tx.quality.samples(since=now - timedelta(days=SAMPLED_DAYS), now=now)
    figures = {
        "listings": total["listings"],
        "likely_removed": total["likely_removed"],
        "flagged": total["flagged"],
        "average_completeness": _share(total["completeness"], total["listings"]),
        "coverage": {
            "all": _coverage(total),
            "operations": {each["operation"]: _coverage(each) for each in operations},
        },
        "freshness": _freshness(total),
        "anomalies": await tx.oddities.anomalies(now=now),
        "duplicates": await tx.oddities.doubles(),
        "rules": await tx.oddities.breaches(await tx.quality.rules()),
        "samples": _accuracy(samples),
        "removal_audit": _audit(await tx.figures.audited(now=now)),
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


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _coverage(counts: Mapping[str, Any]) -> Figures:
    listings = counts["listings"]
    fields = {name: _share(counts[f"has_{name}"], listings) for name in COVERED_FIELDS}
    return {"listings": listings, "fields": fields}


def _freshness(counts: Mapping[str, Any]) -> Figures:
    oldest = counts["oldest"]
    return {
        "ages": {name: counts[f"age_{name}"] for name in AGES},
        "within_days": {
            str(days): _share(counts[f"within_{days}"], counts["listings"]) for days in WITHIN_DAYS
        },
        "oldest": oldest.isoformat() if oldest else None,
    }


def _accuracy(samples: Mapping[str, int]) -> Figures:
    """A record was right where its page was there and had no news that the tiers had missed."""
    looked_at = samples["there"] + samples["gone"]
    return {
        **samples,
        "accuracy": estimate(samples["there"] - samples["with_price_news"], looked_at),
        "accuracy_of_all_fields": estimate(samples["there"] - samples["with_news"], looked_at),
    }


def _audit(audits: AuditFigures) -> Figures:
    false_positives = estimate(audits.alive, audits.alive + audits.gone)
    gone = audits.gone - audits.sold
    return {**asdict(audits), "gone": gone, "false_positives": false_positives}
