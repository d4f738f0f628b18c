"""What the data are worth: a page by the rules, before it goes live; all in a report."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.quality.quality import QualityReport
from pincali_sync.db.repositories.quality.rules import ValidationRule, check_of
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.items import EXPECTED_FIELDS, Property, QualityVerdict
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.quality.figures import measure

logger = logging.getLogger(__name__)

_PROPERTY_FIELDS = {field.name for field in fields(Property)}


class DataQualityService(Service):
    """Judges pages by the active rules of the database."""

    async def load_rules(self) -> tuple[ValidationRule, ...]:
        """The active rules that can be applied; load once a job, not once a page."""
        async with self.db.transaction() as tx:
            rules = await tx.quality.rules()
        return tuple(rule for rule in rules if _is_usable(rule))

    @in_transaction
    async def report(self, tx: UnitOfWork, run_id: UUID | None = None) -> QualityReport:
        """Measures what the live table is worth now and keeps the figures, beside the last ones.

        Args:
            run_id: the run that reports; reporting again, it replaces its own figures.
        """
        now = self.clock.now()
        return await tx.quality.keep(await measure(tx, now), run_id=run_id, now=now)


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
