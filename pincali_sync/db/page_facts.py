"""The facts of listing pages as JSON, for the scan that is taken up again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from pincali_sync.domain.listing_walk import PageFacts


def facts_as_json(facts: PageFacts) -> str:
    """All of a page's facts but how it came to be known."""
    values = asdict(facts)
    del values["was_read_before"]
    price = facts.last_price
    return json.dumps({**values, "last_price": None if price is None else str(price)})


def facts_from_json(values: Mapping[str, Any]) -> PageFacts:
    """The facts of a page that an earlier attempt read."""
    price = values["last_price"]
    return PageFacts(
        **{
            **values,
            "last_price": None if price is None else Decimal(price),
            "cities": tuple(values["cities"]),
            "was_read_before": True,
        }
    )
