"""What a listing page is asked for: a source, and filters that make it small enough to read.

The site shows at most a hundred pages of a query. Short parameters add to what the path asks for;
`search_criteria[…]` would make the site forget the path, so they are never used.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from urllib.parse import urlencode

from pincali_sync.domain.tiers import ListingSource

_PESOS = "10"  # the site's number of the currency; without it the site takes amounts for dollars


class Order(Enum):
    """How the results are sorted."""

    NEWEST = "newest"  # by activation: the site's default
    OLDEST = "oldest"
    CHEAPEST = "cheapest"
    DEAREST = "dearest"


# By the number that a query takes, common ones first: the name on English cards, then the Spanish
# and Portuguese words.
_TYPES = {
    29058: ("house", "casa"),
    29057: ("apartment", "departamento", "apartamento"),
    29059: ("lot", "terreno", "land"),
    28311: ("house in condominium", "casa en condominio", "casa em condominio"),
    29061: ("retail space", "local", "local comercial", "loja"),
    29060: ("office", "oficina", "escritorio"),
    28661: ("commercial lot", "terreno comercial"),
    28702: ("industrial warehouse", "bodega industrial", "nave industrial"),
    28308: ("villa",),
    28304: ("building", "edificio", "predio"),
    28307: ("warehouse", "bodega"),
    29257: ("industrial lot", "terreno industrial"),
    28309: ("ranch", "rancho"),
    28701: ("shopping mall space", "local en centro comercial"),
    28310: ("quinta",),
    28552: ("house with commercial use", "casa con uso comercial", "casa com uso comercial"),
    28660: ("farm", "granja", "fazenda"),
    28305: ("commercial storage unit", "bodega comercial"),
}
PROPERTY_TYPES = {number: words[0] for number, words in _TYPES.items()}
ENGLISH_TYPES = {word: words[0] for words in _TYPES.values() for word in words}

# As paths name them, those with the most listings first.
_STATES = """
jalisco ciudad-de-mexico nuevo-leon quintana-roo yucatan queretaro estado-de-mexico puebla
baja-california san-luis-potosi guanajuato morelos nayarit sinaloa baja-california-sur veracruz
coahuila hidalgo chihuahua aguascalientes michoacan sonora guerrero tamaulipas oaxaca chiapas
durango colima tabasco tlaxcala zacatecas campeche
"""
STATES = tuple(_STATES.split())


class Measure(Enum):
    """What listings are compared by: the site's name of the filter, without its min_ or max_."""

    PRICE = "price"  # in pesos, as the site compares it
    BEDROOMS = "bedroom"
    BATHROOMS = "bathroom"
    PARKING = "parking_spaces"
    BUILT = "total_square_meters"
    LOT = "lot_size_square_meters"

    @property
    def step(self) -> Decimal:
        """From the most of a range to the least of the next one."""
        return Decimal(1) if self in _COUNTED else _HUNDREDTH


_COUNTED = {Measure.BEDROOMS, Measure.BATHROOMS, Measure.PARKING}
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Both ends belong to it; None is open."""

    least: Decimal | None = None
    most: Decimal | None = None

    def holds(self, value: Decimal) -> bool:
        """Whether a value is in it."""
        return (self.least is None or self.least <= value) and (
            self.most is None or value <= self.most
        )

    def cut_at(self, cuts: Sequence[Decimal], step: Decimal) -> list[Range]:
        """The parts of it between cuts, in order; each cut is the most of its part."""
        least = [self.least, *(cut + step for cut in cuts)]
        most = [*cuts, self.most]
        return [Range(least=a, most=b) for a, b in zip(least, most, strict=True)]

    def __str__(self) -> str:
        return f"{_amount(self.least)}-{_amount(self.most)}"


EVERYTHING = Range()


@dataclass(frozen=True, slots=True)
class Place:
    """A state, a city in it or a colonia in that, each as paths write it."""

    state: str
    city: str | None = None
    colonia: str | None = None

    @property
    def level(self) -> str:
        """What it is: "state", "city" or "colonia"."""
        return "colonia" if self.colonia else "city" if self.city else "state"

    @property
    def slug(self) -> str:
        """How paths name it: "jalisco", "zapopan-jalisco", "chapalita-zapopan-jalisco"."""
        return "-".join(filter(None, (self.colonia, self.city, self.state)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuery:
    """A query of which pages may be read."""

    source: ListingSource
    order: Order = Order.NEWEST
    property_type: int | None = None
    place: Place | None = None
    ranges: tuple[tuple[Measure, Range], ...] = ()  # one a measure, in the order they came

    @property
    def partition(self) -> str:
        """A short name, unique within a source; empty for the plain query."""
        words = [] if self.order is Order.NEWEST else [self.order.value]
        if self.property_type is not None:
            words.append(f"type={self.property_type}")
        if self.place is not None:
            words.append(f"in={self.place.slug}")
        words += [f"{measure.name.lower()}={each}" for measure, each in self.ranges]
        return " ".join(words)

    @property
    def is_plain(self) -> bool:
        """Whether it asks for the whole source."""
        return not self.partition

    def range_of(self, measure: Measure) -> Range:
        """Between which values it looks."""
        return dict(self.ranges).get(measure, EVERYTHING)

    def within(self, measure: Measure, limits: Range) -> ListingQuery:
        """The same between these values."""
        return replace(self, ranges=tuple((dict(self.ranges) | {measure: limits}).items()))

    def target(self, number: int) -> str:
        """Path and query of a page; page 1 carries no number, as on the site."""
        place = f"-in-{self.place.slug}" if self.place else ""
        ends = {
            f"{name}_{measure.value}": _amount(amount)
            for measure, limits in self.ranges
            for name, amount in (("min", limits.least), ("max", limits.most))
        }
        parameters = {
            "currency_id": _PESOS if Measure.PRICE in dict(self.ranges) else "",
            "sort_by": self._sort_by(),
            **ends,
            "property_type_ids": str(self.property_type or ""),
            "page": str(number) if number > 1 else "",
        }
        query = urlencode({name: value for name, value in parameters.items() if value})
        return f"{self.source.path}{place}{'?' if query else ''}{query}"

    def _sort_by(self) -> str:
        if self.order is Order.NEWEST:
            return ""
        if self.order is Order.OLDEST:
            return "date_activated-asc"
        price = "rental_price" if self.source is ListingSource.RENT else "sale_price"
        return f"{price}-{'asc' if self.order is Order.CHEAPEST else 'desc'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPage:
    """A page that a walk asks for."""

    query: ListingQuery
    number: int
    partition: str  # of the source's pages: what it is recorded under
    again: bool = False  # to be fetched though it was read before
    may_be_beyond: bool = False  # of what the site shows: not there is an answer, not a loss

    @property
    def key(self) -> tuple[str, int]:
        """Unique within a source."""
        return self.partition, self.number

    @property
    def may_be_absent(self) -> bool:
        """A filter that finds nothing, or a last page that went with its last row."""
        return self.number > 1 or not self.query.is_plain

    def __str__(self) -> str:
        return f"page {self.number} of {self.query.source} {self.partition}".rstrip()


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount.normalize():f}"


def slug_of_name(name: str) -> str:
    """ "Tlajomulco de Zúñiga" as "tlajomulco-de-zuniga": so paths write the names of places."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
