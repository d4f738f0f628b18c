"""`validation_rules`: what operators ask of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from pincali_sync.db.repositories.base import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRule:
    """One active rule."""

    rule_name: str
    field_name: str  # a column of properties_live
    rule_type: str  # required, range, pattern, custom
    config: dict[str, Any]  # range: min, max; pattern: regex
    severity: str  # error, warning, info


class RuleRepository(Repository):
    """Reads the rules."""

    async def active(self) -> tuple[ValidationRule, ...]:
        """The active rules, by name."""
        result = await self._connection.execute(
            text(
                "SELECT rule_name, field_name, rule_type, rule_config AS config, severity "
                "FROM validation_rules WHERE is_active ORDER BY rule_name"
            )
        )
        return tuple(ValidationRule(**row) for row in result.mappings())
