"""Rules from `validation_rules`: what a detail page must look like to go live."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.rules import ValidationRule
from pincali_sync.items import Property

# What a complete record shows. Optional extras (videos, e-mail, floor) say nothing about quality.
_EXPECTED_FIELDS = (
    "title",
    "description",
    "property_type",
    "operation_type",
    "neighborhood",
    "city",
    "state",
    "latitude",
    "longitude",
    "price",
    "currency",
    "main_image_url",
    "image_urls",
    "agent_name",
    "agency_name",
    "listing_date",
    "public_id",
)
_SAMPLED_SINCE = timedelta(days=31)
_PROPERTY_FIELDS = {field.name for field in fields(Property)}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityVerdict:
    """What the rules say about one page."""

    errors: tuple[str, ...]  # any: the page is staged for a person and not promoted
    warnings: tuple[str, ...]  # any: promoted, and flagged
    completeness: Decimal  # share of the expected fields that are there, 0.00 to 1.00

    @property
    def accepted(self) -> bool:
        return not self.errors


class DataQualityService:
    """Judges pages by the active rules of the database."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def load_rules(self) -> tuple[ValidationRule, ...]:
        """The active rules; load once a job, not once a page."""
        async with self._db.transaction() as tx:
            return await tx.rules.active()

    async def report(self) -> dict[str, Any]:
        """What the live table is worth now: coverage of fields, ages, doubles, the month's sample.

        Plain values, as they are kept with tier 4's run.
        """
        now = self._clock.now()
        async with self._db.transaction() as tx:
            return await tx.quality.summary(now=now, since=now - _SAMPLED_SINCE)


def judge(page: Property, rules: Sequence[ValidationRule]) -> QualityVerdict:
    """Applies each rule to the field it names; rules for fields we do not know are passed over."""
    errors: list[str] = []
    warnings: list[str] = []
    for rule in rules:
        if rule.field_name not in _PROPERTY_FIELDS:
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
    present = sum(bool(getattr(page, name)) for name in _EXPECTED_FIELDS)
    return (Decimal(present) / len(_EXPECTED_FIELDS)).quantize(Decimal("0.01"))
