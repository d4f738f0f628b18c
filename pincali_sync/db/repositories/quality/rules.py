"""`validation_rules`: what operators ask of the data, as conditions over the live table.

Rules are typed in by people: what cannot be asked in SQL is said, never tried.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pincali_sync.db.repositories.listings.live import LIVE_COLUMNS, LiveColumn
from pincali_sync.domain.prices import Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRule:
    """One active rule."""

    rule_name: str
    field_name: str  # a column of properties_live
    rule_type: str  # required, range, pattern, custom
    config: dict[str, Any]  # range: min, max, of prices currency (MXN); pattern: regex
    severity: str  # error, warning, info

    @property
    def currency(self) -> Any:
        """Of a range of prices, what the totals are in that it is held against: one per m² or in
        dollars is small by its nature. None: the rule is another."""
        if self.field_name != "price" or self.rule_type != "range":
            return None
        given = self.config.get("currency")
        return Currency.MXN if given is None else given


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCheck:
    """What a row that breaks the rule is like; `unusable` says why that cannot be asked."""

    condition: str = "false"
    parameters: dict[str, Any] = field(default_factory=dict)
    regex: str | None = None  # to be tried first: PostgreSQL's dialect is its own
    unusable: str | None = None


def check_of(rule: ValidationRule, number: int = 0) -> RuleCheck:
    """The rule as a condition whose parameters carry a number, so that many may stand together."""
    column = LIVE_COLUMNS.get(rule.field_name)
    if column is None:
        return RuleCheck(unusable=f"there is no field {rule.field_name}")
    if not isinstance(rule.config, dict):
        return RuleCheck(unusable="its configuration is no object")
    match rule.rule_type:
        case "required":
            return RuleCheck(condition=f"({column.is_there}) IS NOT TRUE")
        case "range":
            check = _range(column, rule.config, number)
            return check if rule.currency is None else _of_totals(check, rule.currency, number)
        case "pattern":
            return _pattern(column, rule.config, number)
    return RuleCheck(unusable=f"rules of the type {rule.rule_type} are not known")


def _range(column: LiveColumn, config: dict[str, Any], number: int) -> RuleCheck:
    if not column.is_number:
        return RuleCheck(unusable=f"{column.name} is no number")
    ends = {name: config[name] for name in ("min", "max") if config.get(name) is not None}
    for name, value in ends.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            return RuleCheck(unusable=f"its {name} is no number")
    if not ends:
        return RuleCheck(unusable="it has neither min nor max")
    signs = {"min": "<", "max": ">"}
    return RuleCheck(
        condition=" OR ".join(
            f"coalesce({column.name} {signs[name]} CAST(:{name}_{number} AS numeric), false)"
            for name in ends
        ),
        parameters={f"{name}_{number}": Decimal(str(value)) for name, value in ends.items()},
    )


def _of_totals(check: RuleCheck, currency: Any, number: int) -> RuleCheck:
    if currency not in list(Currency):
        return RuleCheck(unusable=f"its currency is none of {', '.join(Currency)}")
    return replace(
        check,
        condition=f"price_unit = 'total' AND currency::text = :currency_{number}"
        f" AND ({check.condition})",
        parameters={**check.parameters, f"currency_{number}": str(currency)},
    )


def _pattern(column: LiveColumn, config: dict[str, Any], number: int) -> RuleCheck:
    regex = config.get("regex")
    if not isinstance(regex, str) or not regex:
        return RuleCheck(unusable="it has no regex")
    # 2000000, as the pages are judged by, and not 2000000.00, as the column prints it.
    shown = f"trim_scale({column.name}::numeric)" if column.is_number else column.name
    return RuleCheck(
        condition=f"coalesce({shown}::text !~ CAST(:regex_{number} AS text), false)",
        parameters={f"regex_{number}": regex},
        regex=regex,
    )
