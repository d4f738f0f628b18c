"""What the data are worth: a page by the rules, before it goes live; all in a report's figures.

Every number that the next report is compared by has its place in nested mappings; only examples
and texts stand beside them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.insights.figures import AuditFigures
from pincali_sync.db.repositories.quality.quality import AGES, WITHIN_DAYS, QualityReport
from pincali_sync.db.repositories.quality.rules import ValidationRule, check_of
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.statistics import wilson_interval
from pincali_sync.items import COVERED_FIELDS, EXPECTED_FIELDS, Property, QualityVerdict
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.insights.news import count_days

logger = logging.getLogger(__name__)

Figures = dict[str, Any]

SAMPLED_DAYS = 31
_PROPERTY_FIELDS = {field.name for field in fields(Property)}


class DataQualityService(Service):
    """Judges pages by the active rules of the database."""

    async def load_rules(self) -> tuple[ValidationRule, ...]:
        """The active rules that can be applied; load once a job, not once a page."""
        rules = await self.db.run(lambda tx: tx.quality.rules())
        return tuple(rule for rule in rules if _is_usable(rule))

    @in_transaction
    async def report(self, tx: UnitOfWork, run_id: UUID | None = None) -> QualityReport:
        """Measures what the live table is worth now and keeps the figures, beside the last ones.

        Args:
            run_id: the run that reports; reporting again, it replaces its own figures.
        """
        now, zone = self.clock.now(), self.config.display_zone
        counts = await count_days(tx, now, zone, week=True)
        known = await tx.ages.some_by_url()
        news = {"time_zone": zone.key, **counts.as_figures(), "known_by_url": known}
        figures = {"news": news, **await measure(tx, now)}
        return await tx.quality.keep(figures, run_id=run_id, now=now)


def _is_usable(rule: ValidationRule) -> bool:
    """Whether a rule can be applied to pages; where not, says why."""
    check = check_of(rule)
    problem = check.unusable
    try:
        re.compile(check.regex or "")
    except re.error as error:
        problem = f"its regex cannot be read: {error}"
    if problem:
        logger.warning("rule %s is passed over: %s", rule.rule_name, problem)
    return problem is None


def judge(page: Property, rules: Sequence[ValidationRule]) -> QualityVerdict:
    """Applies each rule to the field it names; rules for fields we do not know are passed over."""
    errors: list[str] = []
    warnings: list[str] = []
    for rule in rules:
        if rule.field_name not in _PROPERTY_FIELDS:
            continue
        if rule.currency and (page.price_unit, page.currency) != ("total", rule.currency):
            continue
        broken = _broken(rule, getattr(page, rule.field_name))
        if broken:
            (errors if rule.severity == "error" else warnings).append(f"{rule.rule_name}: {broken}")
    return QualityVerdict(
        errors=tuple(errors), warnings=tuple(warnings), completeness=_completeness(page)
    )


def _broken(rule: ValidationRule, value: Any) -> str | None:
    """How the value breaks the rule; None when it does not. Only `required` minds a missing one."""
    if rule.rule_type == "required":
        return None if value not in (None, "") else f"{rule.field_name} is missing"
    if value is None:
        return None
    if rule.rule_type == "range":
        low, high = rule.config.get("min"), rule.config.get("max")
        if (low is not None and value < low) or (high is not None and value > high):
            return f"{rule.field_name} {value} is not within {low} to {high}"
    if rule.rule_type == "pattern" and not re.search(rule.config.get("regex", ""), str(value)):
        return f"{rule.field_name} does not look like one"
    return None


def _completeness(page: Property) -> Decimal:
    present = sum(bool(getattr(page, name)) for name in EXPECTED_FIELDS)
    return (Decimal(present) / len(EXPECTED_FIELDS)).quantize(Decimal("0.01"))


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
