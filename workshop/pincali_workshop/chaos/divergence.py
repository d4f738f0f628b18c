"""Where a disturbed course ended elsewhere than the undisturbed one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pincali_workshop.chaos.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """One fact that is not the same."""

    what: str
    name: str
    undisturbed: Any  # None: there is no such fact
    disturbed: Any


def divergences(undisturbed: Facts, disturbed: Facts) -> list[Divergence]:
    """All of them; of a row that is there in both, the columns that differ."""
    return [
        Divergence(what=what, name=name, undisturbed=one, disturbed=other)
        for what in undisturbed
        for key in sorted({*undisturbed[what], *disturbed[what]})
        for name, one, other in _differences(
            key, undisturbed[what].get(key, []), disturbed[what].get(key, [])
        )
    ]


def _differences(
    key: str, undisturbed: list[Any], disturbed: list[Any]
) -> Iterator[tuple[str, Any, Any]]:
    if undisturbed == disturbed:
        return
    match undisturbed, disturbed:
        case [dict() as one], [dict() as other]:
            for column in sorted({*one, *other}):
                if one.get(column) != other.get(column):
                    yield f"{key}, {column}", one.get(column), other.get(column)
        case _:
            yield (
                key,
                [each for each in undisturbed if each not in disturbed] or len(undisturbed),
                [each for each in disturbed if each not in undisturbed] or len(disturbed),
            )
