"""What a search shows: its filters, its order, and the trap in its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from pincali_sync.domain.prices import Operation
from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.world.board import PRICED_BY, Board, price_of
from pincali_workshop.standin.world.prices import PESOS_PER_DOLLAR
from pincali_workshop.standin.world.state import ListingState
from pincali_workshop.standin.world.wording import slugify

_PESOS, _DOLLARS = "10", "1"
_LONG = "search_criteria["
_OPERATIONS = {"sale": ListingSource.SALE, "rental": ListingSource.RENT}
_SORTED_BY = {
    "sale_price": Operation.SALE,
    "rental_price": Operation.RENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The filters and the order of one search. None: all."""

    source: ListingSource | None
    place: str | None = None
    types: frozenset[int] = frozenset()
    min_price: float | None = None
    max_price: float | None = None
    sort: str = "date_activated-desc"

    @classmethod
    def parse(
        cls, source: ListingSource, place: str | None, parameters: Mapping[str, str]
    ) -> Self | None:
        """Reads the parameters; None for one that is no number.

        Short parameters add to what the path asks for. A single `search_criteria[…]` makes the
        site forget the path's own filters, and only the long parameters count.
        """
        is_long = any(name.startswith(_LONG) for name in parameters)

        def parameter(name: str) -> str | None:
            return parameters.get(f"{_LONG}{name}]" if is_long else name) or None

        rate = 1 if parameter("currency_id") == _PESOS else PESOS_PER_DOLLAR  # the hidden default
        try:
            least, most = parameter("min_price"), parameter("max_price")
            return cls(
                source=_OPERATIONS.get(parameter("operation_type") or "") if is_long else source,
                place=None if is_long else place,
                types=frozenset(map(int, (parameter("property_type_ids") or "").split("-")))
                if parameter("property_type_ids")
                else frozenset(),
                min_price=None if least is None else float(least) * rate,
                max_price=None if most is None else float(most) * rate,
                sort=parameter("sort_by") or "date_activated-desc",
            )
        except ValueError:
            return None

    @property
    def has_filters(self) -> bool:
        """Whether it asks for less than its path."""
        return bool(self.place or self.types or self._has_range)

    @property
    def _has_range(self) -> bool:
        return self.min_price is not None or self.max_price is not None

    def results(self, board: Board) -> Sequence[ListingState]:
        """What it finds, in its order. Listings without a price come last in both directions."""
        name, _, direction = self.sort.rpartition("-")
        operation = _SORTED_BY.get(name) or (
            PRICED_BY[self.source or ListingSource.SALE] if "price" in name else None
        )
        found: Sequence[ListingState]
        if operation is None:
            found = self._fitting(self._all(board))
            return list(reversed(found)) if direction == "asc" else found
        priced = self._priced(board, operation)
        if direction == "desc":
            priced = list(reversed(priced))
        if self._has_range:
            return priced
        rest = [state for state in self._all(board) if price_of(state, operation) is None]
        return [*priced, *self._fitting(rest)]

    def _all(self, board: Board) -> Sequence[ListingState]:
        return board.active if self.source is None else board.by_source[self.source]

    def _priced(self, board: Board, operation: Operation) -> Sequence[ListingState]:
        if self.source is not None and operation is PRICED_BY[self.source]:
            ranking = board.by_price[self.source]
            return self._of_kind_and_place(ranking.between(self.min_price, self.max_price))
        priced = [state for state in self._all(board) if price_of(state, operation) is not None]
        return self._fitting(sorted(priced, key=_by_price(operation)))

    def _fitting(self, states: Sequence[ListingState]) -> Sequence[ListingState]:
        if not self._has_range:
            return self._of_kind_and_place(states)
        operation = PRICED_BY[self.source or ListingSource.SALE]
        least, most = self.min_price or 0.0, self.max_price or float("inf")
        return self._of_kind_and_place(
            [
                state
                for state in states
                if (price := price_of(state, operation)) is not None and least <= price <= most
            ]
        )

    def _of_kind_and_place(self, states: Sequence[ListingState]) -> Sequence[ListingState]:
        if not self.types and self.place is None:
            return states
        return [state for state in states if self._is_there(state)]

    def _is_there(self, state: ListingState) -> bool:
        listing = state.listing
        if self.types and listing.kind.site_id not in self.types:
            return False
        return self.place is None or self.place in place_slugs(
            listing.place.neighborhood, listing.place.city.name, listing.place.city.state
        )


def place_slugs(neighborhood: str, city: str, state: str) -> tuple[str, str, str]:
    """How paths name the place: by its state, its city, its neighbourhood."""
    of_state = slugify(state)
    of_city = f"{slugify(city)}-{of_state}"
    return of_state, of_city, f"{slugify(neighborhood)}-{of_city}"


def _by_price(operation: Operation) -> Callable[[ListingState], tuple[float, int]]:
    return lambda state: (price_of(state, operation) or 0.0, state.listing.index)
