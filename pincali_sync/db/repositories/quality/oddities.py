"""What can hardly be true of the live table: odd values, and listings that may be one.

Figures are plain values, as they are kept: how many listings, and some of them for example.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.quality.rules import RuleCheck, ValidationRule, check_of
from pincali_sync.db.repositories.removal.transition import PRESENT
from pincali_sync.exceptions import line_of
from pincali_sync.pages.places import LATITUDES, LONGITUDES

MOST_ALIKE = 50  # listings with one title; more is a template, or a page read wrongly
_EXAMPLES = 5
_ENOUGH_PEERS = 50  # listings of a kind, for their quartiles to say what is usual
_NOTHING = {"listings": 0, "examples": []}

# What can be said of a row by itself. A listing date may be a day ahead: it is a local date.
_ODD_ROWS = {
    "price_of_nothing": "price BETWEEN 0 AND 1",
    "outside_mexico": f"NOT (latitude BETWEEN {LATITUDES[0]} AND {LATITUDES[1]} "
    f"AND longitude BETWEEN {LONGITUDES[0]} AND {LONGITUDES[1]})",
    "listed_in_the_future": "listing_date > CAST(:now AS timestamptz) + interval '1 day'",
}
# Far out in Tukey's sense, on a scale of factors: three times the distance of the quartiles beyond
# them, and never less than a factor of 1.8, where a group is all alike. A square metre of land is
# compared with land, a rent in dollars with rents in dollars; groups too small say nothing.
_OUTLIERS = f"""
WITH measured AS MATERIALIZED (
    SELECT 'price_per_m2' AS name, property_id,
           concat_ws('/', operation_type, currency, property_type) AS peers,
           ln(price::float8
              / CASE price_unit WHEN 'm2' THEN 1 ELSE total_area_m2::float8 END) AS size
      FROM properties_live
     WHERE listing_status IN {PRESENT} AND price > 1 AND (price_unit = 'm2' OR total_area_m2 > 0)
    UNION ALL
    SELECT 'total_area', property_id, concat_ws('/', operation_type, property_type),
           ln(total_area_m2::float8)
      FROM properties_live WHERE listing_status IN {PRESENT} AND total_area_m2 > 0
), fences AS (
    SELECT name, peers, quartile[1] - 3 * greatest(quartile[2] - quartile[1], 0.2) AS low,
           quartile[2] + 3 * greatest(quartile[2] - quartile[1], 0.2) AS high
      FROM (SELECT name, peers,
                   percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY size) AS quartile
              FROM measured GROUP BY name, peers HAVING count(*) >= {_ENOUGH_PEERS}) grouped
), found AS (
    SELECT m.name, m.property_id
      FROM measured m JOIN fences f ON f.name = m.name AND f.peers = m.peers
     WHERE m.size < f.low OR m.size > f.high
)"""
_SAME_TITLE = f"""
WITH titles AS (
    SELECT min(property_id) AS property_id, count(*) AS listings
      FROM properties_live WHERE listing_status IN {PRESENT}
     GROUP BY title HAVING count(*) > {MOST_ALIKE}
)
SELECT 'same_title' AS name, coalesce(sum(listings), 0)::bigint AS listings,
       ARRAY(SELECT property_id FROM titles ORDER BY listings DESC, property_id LIMIT {_EXAMPLES})
           AS examples
  FROM titles
"""
# What two records of one listing would share. No key of them holds a value that is not there.
_DOUBLES = {
    "same_public_id": ("public_id",),
    "same_url": ("source_url",),
    "same_offer_at_the_same_place": (
        *("latitude", "longitude", "price", "currency", "operation_type", "title"),
    ),
}


class OddityRepository(Repository):
    """Reads; each question is one pass over the listings that are there."""

    async def anomalies(self, *, now: datetime) -> dict[str, Any]:
        """Values that can hardly be true, by kind."""
        return {
            **await self._rows_that(_ODD_ROWS, now=now),
            **dict.fromkeys(("price_per_m2", "total_area"), _NOTHING),
            **await self._named(_counted(_OUTLIERS)),
            **await self._named(_SAME_TITLE),
        }

    async def doubles(self) -> dict[str, Any]:
        """Listings that may be one and the same, by what they share."""
        return {
            name: await self._one(dict, _sharing(columns)) for name, columns in _DOUBLES.items()
        }

    async def breaches(self, rules: Sequence[ValidationRule]) -> dict[str, Any]:
        """How many listings break each rule, by its name; None of one that cannot be asked."""
        checks = await self._checks(rules)
        broken = await self._rows_that(_conditions(checks), **_parameters(checks))
        return {
            rule.rule_name: {
                "field": rule.field_name,
                "type": rule.rule_type,
                "severity": rule.severity,
                "broken": broken[name]["listings"] if name in broken else None,
                "examples": broken[name]["examples"] if name in broken else [],
                "unusable": check.unusable,
            }
            for rule, (name, check) in zip(rules, checks.items(), strict=True)
        }

    async def broken_by(self, property_id: str, rules: Sequence[ValidationRule]) -> list[str]:
        """The names of the rules that one live row breaks."""
        checks = await self._checks(rules)
        conditions = _conditions(checks)
        if not conditions:
            return []
        statement = f"""SELECT each.name FROM properties_live l
             CROSS JOIN LATERAL (VALUES {_listed(conditions)}) AS each (name, is_met)
             WHERE l.property_id = :property_id AND each.is_met"""
        given = {**_parameters(checks), "property_id": property_id}
        broken = {row.name for row in await self._run(statement, **given)}
        return [rule.rule_name for rule, name in zip(rules, checks, strict=True) if name in broken]

    async def _checks(self, rules: Sequence[ValidationRule]) -> dict[str, RuleCheck]:
        """One a rule, in their order, each under an identifier."""
        return {f"rule_{n}": await self._tried(check_of(rule, n)) for n, rule in enumerate(rules)}

    async def _tried(self, check: RuleCheck) -> RuleCheck:
        """The check; unusable where PostgreSQL cannot read its regex."""
        if check.regex is None:
            return check
        try:
            async with self._connection.begin_nested():
                await self._run("SELECT '' ~ CAST(:regex AS text)", regex=check.regex)
        except DBAPIError as error:
            reason = line_of(error.orig or error)
            return replace(check, unusable=f"PostgreSQL cannot read its regex: {reason}")
        return check

    async def _rows_that(self, conditions: Mapping[str, str], **parameters: Any) -> dict[str, Any]:
        """The rows that meet each condition, by the condition's name, which is an identifier."""
        if not conditions:
            return {}
        found = await self._named(_counted(_meeting(conditions)), **parameters)
        return {**dict.fromkeys(conditions, _NOTHING), **found}

    async def _named(self, statement: str, **parameters: Any) -> dict[str, Any]:
        rows = await self._run(statement, **parameters)
        return {row.name: {"listings": row.listings, "examples": row.examples} for row in rows}


def _counted(found: str) -> str:
    """How many rows of `found` there are under each name, and which for example."""
    return f"""{found}
SELECT name, count(*) AS listings,
       array_agg(property_id ORDER BY place) FILTER (WHERE place <= {_EXAMPLES}) AS examples
  FROM (SELECT *, row_number() OVER (PARTITION BY name ORDER BY property_id) AS place
          FROM found) placed
 GROUP BY name
"""


def _conditions(checks: Mapping[str, RuleCheck]) -> dict[str, str]:
    """What rows are like that break the rules which can be asked."""
    return {name: each.condition for name, each in checks.items() if each.unusable is None}


def _parameters(checks: Mapping[str, RuleCheck]) -> dict[str, Any]:
    usable = (each for each in checks.values() if each.unusable is None)
    return {name: value for each in usable for name, value in each.parameters.items()}


def _listed(conditions: Mapping[str, str]) -> str:
    return ", ".join(f"('{name}', {condition})" for name, condition in conditions.items())


def _meeting(conditions: Mapping[str, str]) -> str:
    return f"""
WITH found AS (
    SELECT each.name, l.property_id
      FROM properties_live l
      CROSS JOIN LATERAL (VALUES {_listed(conditions)}) AS each (name, is_met)
     WHERE l.listing_status IN {PRESENT}
       AND ({" OR ".join(f"({each})" for each in conditions.values())}) AND each.is_met
)"""


def _sharing(columns: Sequence[str]) -> str:
    """Groups of rows that share these columns, with two of each of the largest."""
    there = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    return f"""
WITH doubled AS (
    SELECT min(property_id) AS one, max(property_id) AS other, count(*) AS listings
      FROM properties_live WHERE listing_status IN {PRESENT} AND {there}
     GROUP BY {", ".join(columns)} HAVING count(*) > 1
)
SELECT count(*) AS groups, coalesce(sum(listings), 0)::bigint AS listings,
       ARRAY(SELECT ARRAY[one, other] FROM doubled ORDER BY listings DESC, one LIMIT {_EXAMPLES})
           AS examples
  FROM doubled
"""
