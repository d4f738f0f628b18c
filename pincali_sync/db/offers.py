"""Offers as they are stored: a JSON array, one object an offer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from pincali_sync.domain.prices import Offer


def offers_as_json(offers: Iterable[Offer]) -> str:
    """The text of a jsonb column. Amounts are strings: JSON numbers would lose their scale."""
    return json.dumps([asdict(offer) for offer in offers], default=str)
