"""How complete, fresh, plausible and true the live table is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.quality import quality_sql as sql
from pincali_sync.db.repositories.quality.rule_sql import RuleCheck, check_of
from pincali_sync.db.repositories.quality.rules import ValidationRule

_ENOUGH_PEERS = 50  # listings of a kind, for their quartiles to say what is usual
MOST_ALIKE = 50  # listings with one title; more is a template, or a page read wrongly


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Listings that something was found of, with a few for example."""

    listings: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubles:
    """Groups of listings that may be one, with two of each of the largest for example."""

    groups: int
    listings: int
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFinding:
    """What a rule found; `unusable` says why it could not be asked."""

    rule: ValidationRule
    broken: Found | None
    unusable: str | None = None


class QualityRepository(Repository):
    """Reads; writes nothing. All figures are of the listings that are there."""

    async def overview(self, *, now: datetime) -> list[dict[str, Any]]:
        """A row for each operation: listings, how many have each field, their ages."""
        return [dict(row) for row in (await self._run(sql.OVERVIEW, now=now)).mappings()]

    async def anomalies(self, *, now: datetime) -> dict[str, Found]:
        """Values that can hardly be true, by kind."""
        odd = await self._rows_that(list(sql.ODD_ROWS.values()), {"now": now})
        found = dict(zip(sql.ODD_ROWS, odd, strict=True))
        found |= {"price_per_m2": Found(), "total_area": Found()}
        for row in await self._run(sql.OUTLIERS, enough=_ENOUGH_PEERS):
            found[row.kind] = Found(listings=row.listings, examples=tuple(row.examples))
        alike = (await self._run(sql.SAME_TITLE, most=MOST_ALIKE)).one()
        found["same_title"] = Found(listings=alike.listings, examples=tuple(alike.examples))
        return found

    async def doubles(self) -> dict[str, Doubles]:
        """Listings that may be one and the same, by what they share."""
        found = {}
        for name, columns in sql.DOUBLES.items():
            row = (await self._run(sql.doubles(columns))).one()
            found[name] = Doubles(
                groups=row.groups,
                listings=row.listings,
                examples=tuple((one, other) for one, other in row.examples or ()),
            )
        return found

    async def rules(self, rules: Sequence[ValidationRule]) -> list[RuleFinding]:
        """How many listings break each rule."""
        checks = [await self._tried(check_of(rule, number)) for number, rule in enumerate(rules)]
        usable = [check for check in checks if check.unusable is None]
        parameters = {name: value for each in usable for name, value in each.parameters.items()}
        broken = iter(await self._rows_that([each.condition for each in usable], parameters))
        return [
            RuleFinding(rule=rule, broken=next(broken))
            if check.unusable is None
            else RuleFinding(rule=rule, broken=None, unusable=check.unusable)
            for rule, check in zip(rules, checks, strict=True)
        ]

    async def samples(self, *, since: datetime, now: datetime) -> dict[str, int]:
        """What the visits to randomly drawn records showed."""
        return dict((await self._run(sql.SAMPLES, since=since, now=now)).mappings().one())

    async def audits(self, *, since: datetime, now: datetime) -> dict[str, int]:
        """What confirmed removals that were looked at again showed."""
        return dict((await self._run(sql.AUDITS, since=since, now=now)).mappings().one())

    async def _rows_that(
        self, conditions: Sequence[str], parameters: Mapping[str, Any]
    ) -> list[Found]:
        if not conditions:
            return []
        result = await self._run(sql.rows_that(conditions), **parameters)
        found = {
            row.number: Found(listings=row.listings, examples=tuple(row.examples)) for row in result
        }
        return [found.get(number, Found()) for number in range(len(conditions))]

    async def _tried(self, check: RuleCheck) -> RuleCheck:
        """The check; unusable where PostgreSQL cannot read its regex."""
        if check.regex is None:
            return check
        try:
            async with self._connection.begin_nested():
                await self._run("SELECT '' ~ CAST(:regex AS text)", regex=check.regex)
        except DBAPIError as error:
            reason = str(error.orig).strip().splitlines()[0]
            return replace(check, unusable=f"PostgreSQL cannot read its regex: {reason}")
        return check
