"""Listings in an order that is kept while they come, go and change."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload

from pincali_workshop.standin.world.state import ListingState

_BLOCK = 1_000  # keys

Key = tuple[float, ...]  # the last part is the listing's number: no two keys are the same


class Ranking(Sequence[ListingState]):
    """States in the order of a key; a change costs a search and the moving of one block's keys."""

    def __init__(self, key: Callable[[ListingState], Key]) -> None:
        self._key = key
        self._blocks: list[list[Key]] = []  # none of them is empty
        self._states: dict[Key, ListingState] = {}

    def fill(self, states: Iterable[ListingState]) -> None:
        """Ranks these listings, and no others."""
        self._states = {self._key(state): state for state in states}
        keys = sorted(self._states)
        self._blocks = [keys[n : n + _BLOCK] for n in range(0, len(keys), _BLOCK)]

    def add(self, state: ListingState) -> None:
        """Ranks one more."""
        key = self._key(state)
        self._states[key] = state
        number = min(self._block_of(key), len(self._blocks) - 1)
        if number < 0:
            self._blocks.append([key])
            return
        block = self._blocks[number]
        insort(block, key)
        if len(block) > 2 * _BLOCK:
            self._blocks[number : number + 1] = [block[:_BLOCK], block[_BLOCK:]]

    def remove(self, state: ListingState) -> None:
        """Takes one out."""
        key = self._key(state)
        del self._states[key]
        number = self._block_of(key)
        block = self._blocks[number]
        del block[bisect_left(block, key)]
        if not block:
            del self._blocks[number]

    def replace(self, old: ListingState, new: ListingState) -> None:
        """Another state of a listing that is ranked: nothing moves where its key is the same."""
        key = self._key(new)
        if key == self._key(old):
            self._states[key] = new
        else:
            self.remove(old)
            self.add(new)

    def _block_of(self, key: Key) -> int:
        """The number of the first block that ends with this key or after it."""
        return bisect_left(self._blocks, key, key=_last)

    def __len__(self) -> int:
        return len(self._states)

    @overload
    def __getitem__(self, place: int) -> ListingState: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ListingState]: ...
    def __getitem__(self, place: int | slice) -> ListingState | Sequence[ListingState]:
        if isinstance(place, slice):
            begin, end, step = place.indices(len(self))
            found = [self._states[key] for key in self._keys_from(begin, end)]
            return found if step == 1 else found[::step]
        if place < 0:
            place += len(self)
        for key in self._keys_from(place, place + 1):
            return self._states[key]
        raise IndexError(place)

    def _keys_from(self, begin: int, end: int) -> Iterator[Key]:
        for block in self._blocks:
            if end <= 0:
                return
            if begin < len(block):
                yield from block[max(begin, 0) : end]
            begin, end = begin - len(block), end - len(block)

    def __iter__(self) -> Iterator[ListingState]:
        return (self._states[key] for block in self._blocks for key in block)

    def __reversed__(self) -> Iterator[ListingState]:
        return (self._states[key] for block in reversed(self._blocks) for key in reversed(block))


def _last(block: Sequence[Key]) -> Key:
    return block[-1]
