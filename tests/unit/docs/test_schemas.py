"""A schema that consumers pinned is never broken by a change within its version."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from pincali_sync.domain.published import SCHEMA_VERSION
from pincali_sync.services.export.schemas import Published, schema_of
from scripts.reference.schemas import broken_by, files


def listing() -> dict[str, Any]:
    return schema_of(Published.LISTING)


def test_new_fields_at_the_end_and_other_words_break_nobody() -> None:
    new = deepcopy(listing())
    new["description"] = "said otherwise"
    new["properties"]["title"]["description"] = "said otherwise, too"
    new["properties"]["colour"] = {"type": "string"}
    new["required"].append("colour")
    new["$defs"]["PublishedOffer"]["properties"]["deposit"] = {"type": "number"}
    assert list(broken_by(listing(), new)) == []


@pytest.mark.parametrize("status", ["flagged", "verified", "unverified"])
def test_what_a_listing_may_be_flagged_for_is_told(status: str) -> None:
    said = listing()["properties"]["verification_status"]["description"]
    assert f"{status}: " in said
    assert "`validation_rules`" in said


def test_what_is_taken_away_is_named() -> None:
    breaking: dict[str, Callable[[Any], Any]] = {
        "/properties/price: ": lambda s: s["properties"].pop("price"),
        "/properties/title/type: string became integer": lambda s: s["properties"]["title"].update(
            type="integer"
        ),
        "/required: a field may be missing": lambda s: s["required"].remove("title"),
        "/$defs/ListingStatus/enum: ": lambda s: s["$defs"]["ListingStatus"]["enum"].append("new"),
        "/properties: they stand in another order": lambda s: s["properties"].update(
            title=s["properties"].pop("title")
        ),
        "/additionalProperties: None became False": lambda s: s.update(additionalProperties=False),
    }
    for says, change in breaking.items():
        new = deepcopy(listing())
        change(new)
        assert any(each.startswith(says) for each in broken_by(listing(), new)), says


def test_a_schema_that_would_be_broken_is_not_written(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = files(tmp_path)
    [path] = [each for each in made if each.name == f"listing-{SCHEMA_VERSION}.json"]
    path.write_text(made[path]().replace('"price_unit"', '"unit_of_price"'))
    with pytest.raises(SystemExit, match=r"listing-1.json is pinned.*unit_of_price"):
        made[path]()
    monkeypatch.setattr("scripts.reference.schemas.SCHEMA_VERSION", SCHEMA_VERSION + 1)
    assert f"listing-{SCHEMA_VERSION + 1}.json" in {each.name for each in files(tmp_path)}
