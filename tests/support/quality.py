"""Figures of a quality report as they are kept, without a database to measure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pincali_sync.db.repositories.quality.quality import AGES, QualityReport
from pincali_sync.domain.news import NewsKind
from pincali_sync.items import COVERED_FIELDS
from pincali_sync.rendering.news_words import DAYS
from pincali_sync.reports.wording import ANOMALIES, DUPLICATES
from pincali_sync.services.data_quality_service import estimate

MADE_AT = datetime(2026, 12, 1, 6, 30, tzinfo=UTC)
LAST_MADE_AT = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def rule(broken: int | None, **changes: Any) -> dict[str, Any]:
    """What a rule for the city found."""
    usual = {"field": "city", "type": "required", "severity": "warning", "examples": []}
    return {**usual, "broken": broken, "unusable": None, **changes}


def figures(listings: int = 1_000, **changes: Any) -> dict[str, Any]:
    """Figures of a healthy table; `changes` replace whole sections."""
    fields: dict[str, float] = dict.fromkeys(COVERED_FIELDS, 0.5)
    nothing: dict[str, Any] = {"listings": 0, "examples": []}
    counts = {kind: place for place, kind in enumerate(NewsKind)}
    usual = {
        "news": {"time_zone": "UTC", **dict.fromkeys(DAYS, counts), "known_by_url": 7},
        "listings": listings,
        "likely_removed": 3,
        "flagged": 2,
        "average_completeness": 0.87,
        "coverage": {
            "all": {"listings": listings, "fields": fields},
            "operations": {"sale": {"listings": listings, "fields": fields}},
        },
        "freshness": {
            "ages": {**dict.fromkeys(AGES, 0), "1-7": listings},
            "within_days": {"7": 1.0, "14": 1.0, "30": 1.0},
            "oldest": "2026-11-26T06:00:00+00:00",
        },
        "anomalies": dict.fromkeys(ANOMALIES, nothing),
        "duplicates": {name: {"groups": 0, **nothing} for name in DUPLICATES},
        "rules": {"city_is_there": rule(0)},
        "samples": {
            "visited": 100,
            "there": 98,
            "with_news": 9,
            "with_price_news": 4,
            "gone": 1,
            "failed": 1,
            "accuracy": estimate(94, 99),
            "accuracy_of_all_fields": estimate(89, 99),
        },
        "removal_audit": {
            "alive": 1,
            "gone": 90,
            "sold": 8,
            "unknown": 1,
            "waiting": 0,
            "false_positives": estimate(1, 99),
        },
        "in_short": {
            "listings": listings,
            "scraped_within_30_days": 1.0,
            "average_completeness": 0.87,
            "accuracy": 0.949495,
            "false_removals": 0.010101,
            "odd_values": 0,
            "doubled_public_ids": 0,
            "broken_rules": 0,
        },
    }
    return {**usual, **changes}


def report(now: dict[str, Any], before: dict[str, Any] | None = None) -> QualityReport:
    """A report of December, compared with November's if there was one."""
    return QualityReport(
        created_at=MADE_AT,
        figures=now,
        previous_at=None if before is None else LAST_MADE_AT,
        previous=before,
    )
