"""Compares what the database says with what the stand-in knows to be true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from pincali_sync.db.engine import Database

# Fields that a detail page shows and the stand-in's truth names alike.
COMPARED_FIELDS = (
    "public_id",
    "source_url",
    "title",
    "title_original",
    "description",
    "property_type",
    "operation_type",
    "price",
    "currency",
    "address",
    "neighborhood",
    "city",
    "state",
    "latitude",
    "longitude",
    "bedrooms",
    "bathrooms",
    "half_bathrooms",
    "parking_spaces",
    "total_area_m2",
    "lot_size_m2",
    "floor_number",
    "construction_year",
    "features",
    "amenities",
    "agent_name",
    "agency_name",
    "agent_phone",
    "listing_date",
)
# The columns keep eight decimals of a coordinate: a millimetre.
_NUMERIC_TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value of the database that is not the site's."""

    property_id: str
    field: str
    found: Any
    true: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many listings were compared, which are not there, and which values differ."""

    compared: int
    missing: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def is_true(self) -> bool:
        """Whether nothing is missing and nothing differs."""
        return not self.missing and not self.differences


async def compare_live(db: Database, truth: Sequence[Mapping[str, Any]]) -> Comparison:
    """Compares live rows, field by field, with true listings."""
    async with db.transaction() as tx:
        result = await tx.connection.execute(
            text("SELECT * FROM properties_live WHERE property_id = ANY(:ids)"),
            {"ids": [listing["property_id"] for listing in truth]},
        )
        rows = {row["property_id"]: dict(row) for row in result.mappings()}
    differences: list[Difference] = []
    for listing in truth:
        row = rows.get(listing["property_id"])
        if row is not None:
            differences += _differences(row, listing)
    return Comparison(
        compared=len(truth),
        missing=tuple(each["property_id"] for each in truth if each["property_id"] not in rows),
        differences=tuple(differences),
    )


async def compare_manifest(db: Database, truth: Sequence[Mapping[str, Any]]) -> Comparison:
    """Compares manifest rows with true listings: there, with the right offers."""
    async with db.transaction() as tx:
        result = await tx.connection.execute(
            text("SELECT property_id, offers FROM property_manifest")
        )
        found = {row.property_id: _offers(row.offers) for row in result}
    true = {listing["property_id"]: _offers(listing["offers"]) for listing in truth}
    return Comparison(
        compared=len(truth),
        missing=tuple(each for each in true if each not in found),
        differences=tuple(
            Difference(property_id=each, field="offers", found=found[each], true=offers)
            for each, offers in true.items()
            if each in found and found[each] != offers
        ),
    )


def _differences(row: Mapping[str, Any], listing: Mapping[str, Any]) -> Iterable[Difference]:
    pairs = [(field, row[field], _true_value(listing, field)) for field in COMPARED_FIELDS]
    pairs.append(("offers", _offers(row["offers"]), _offers(listing["offers"])))
    pairs.append(("image_count", len(row["image_urls"] or ()), listing["image_count"]))
    for field, found, true in pairs:
        if not _same(found, true):
            yield Difference(
                property_id=listing["property_id"], field=field, found=found, true=true
            )


def _true_value(listing: Mapping[str, Any], field: str) -> Any:
    # An untranslated page shows one title, and does not say that it is the original.
    if field == "title_original" and not listing["translated"]:
        return None
    return listing[field]


def _same(found: Any, true: Any) -> bool:
    if isinstance(found, date):
        return bool(found.isoformat() == true)
    if isinstance(found, Decimal) and true is not None:
        return bool(abs(float(found) - float(true)) < _NUMERIC_TOLERANCE)
    if found in (None, [], {}) and true in (None, [], {}):
        return True
    return bool(found == true)


def _offers(offers: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            offer["operation"],
            None if offer["amount"] is None else float(offer["amount"]),
            offer["currency"],
            # "On request" has no unit.
            bool(offer.get("per_m2")) and offer["amount"] is not None,
        )
        for offer in offers
    )
