"""Inputs through all parsers, with what each cost and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from time import process_time

from tests.fuzz.corpus import corpus
from tests.fuzz.edits import edited
from tests.fuzz.nonsense import nonsense_in
from tests.support.memory import forget_peak, held_megabytes, peak_megabytes
from tests.support.parsers import PARSERS, parsed

MAX_SECONDS = 1.0
MAX_MEGABYTES = 200  # beside what the process holds, which with this is below 300


@dataclass(slots=True)
class Summary:
    """What inputs came to."""

    inputs: int = 0
    pages: int = 0  # of which something was read
    seconds: float = 0.0  # the longest that one parser took for one input
    megabytes: float = 0.0  # the most that one input took
    process_megabytes: float = 0.0  # at its greatest; what was freed is not always given back
    faults: list[str] = field(default_factory=list)

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            inputs=self.inputs + other.inputs,
            pages=self.pages + other.pages,
            seconds=max(self.seconds, other.seconds),
            megabytes=max(self.megabytes, other.megabytes),
            process_megabytes=max(self.process_megabytes, other.process_megabytes),
            faults=self.faults + other.faults,
        )

    def told(self, wall_seconds: float) -> str:
        """For people, the faults first."""
        return "\n".join(
            [
                *self.faults[:50],
                f"{self.inputs:,} inputs in {wall_seconds:.0f} s, {self.pages:,} pages read of "
                f"them: {len(self.faults)} faults; longest {self.seconds:.2f} s of CPU, "
                f"most memory {self.megabytes:.0f} MB (process: {self.process_megabytes:.0f} MB)",
            ]
        )


def input_of(seed: int, number: int) -> bytes:
    """Always the same bytes for the same two numbers."""
    return edited(Random(f"{seed}-{number}"), corpus())


def run(seed: int, numbers: Iterable[int]) -> Summary:
    """Every input through every parser."""
    total = Summary()
    for number in numbers:
        total.inputs += 1
        body = input_of(seed, number)
        held = held_megabytes()
        forget_peak()
        for name in PARSERS:
            _try(total, name, body, f"input {number} of seed {seed}, {name}")
        peak = peak_megabytes()
        total.megabytes = max(total.megabytes, peak - held)
        total.process_megabytes = max(total.process_megabytes, peak)
        if peak - held > MAX_MEGABYTES:
            total.faults.append(f"input {number} of seed {seed}: {peak - held:.0f} MB")
    return total


def _try(total: Summary, name: str, body: bytes, where: str) -> None:
    begun = process_time()
    try:
        result = parsed(PARSERS[name], body)
    except Exception as error:  # noqa: BLE001  # any other than the declared one is a fault
        total.faults.append(f"{where}: {error!r:.200}")
        return
    spent = process_time() - begun
    total.seconds = max(total.seconds, spent)
    if spent > MAX_SECONDS:
        total.faults.append(f"{where}: {spent:.1f} s")
    if result is not None and name.endswith("page"):
        total.pages += 1
        total.faults += (f"{where}: {fault}" for fault in nonsense_in(result))
