"""What a listing page is asked for: a source, and filters that make it small enough to read.

The site shows at most a hundred pages of a query. Short parameters add to what the path asks for;
`search_criteria[…]` would make the site forget the path, so they are never used.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from urllib.parse import urlencode

from pincali_sync.domain.tiers import ListingSource

_PESOS = "10"  # the site's number of the currency; without it the site takes amounts for dollars


class Order(Enum):
    """How the results are sorted."""

    NEWEST = "newest"  # by activation: the site's default
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuery:
    """A query of which pages may be read. Prices are in pesos, as the site compares them."""

    source: ListingSource
    order: Order = Order.NEWEST
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    property_type: int | None = None
    place: str | None = None  # "jalisco", "zapopan-jalisco"

    @property
    def partition(self) -> str:
        """A short name, unique within a source; empty for the plain query."""
        words = [] if self.order is Order.NEWEST else [self.order.value]
        if self._has_range:
            words.append(f"{_amount(self.min_price)}-{_amount(self.max_price)}")
        if self.property_type is not None:
            words.append(f"type={self.property_type}")
        if self.place is not None:
            words.append(f"in={self.place}")
        return " ".join(words)

    @property
    def is_plain(self) -> bool:
        """Whether it asks for the whole source."""
        return not self.partition

    def target(self, number: int) -> str:
        """Path and query of a page; page 1 carries no number, as on the site."""
        place = f"-in-{self.place}" if self.place else ""
        parameters = {
            "currency_id": _PESOS if self._has_range else "",
            "sort_by": self._sort_by(),
            "min_price": _amount(self.min_price),
            "max_price": _amount(self.max_price),
            "property_type_ids": str(self.property_type or ""),
            "page": str(number) if number > 1 else "",
        }
        query = urlencode({name: value for name, value in parameters.items() if value})
        return f"{self.source.path}{place}{'?' if query else ''}{query}"

    def finer(self, cities: tuple[str, ...]) -> list[ListingQuery]:
        """Queries that together show the same: by type, then by state, then by the cities known.

        The last step leaves out the cities that no card named. Empty: it cannot be divided.
        """
        if self.property_type is None:
            return [replace(self, property_type=each) for each in PROPERTY_TYPES]
        if self.source is ListingSource.NEW_CONSTRUCTION:
            return []  # its path takes no place
        if self.place is None:
            return [replace(self, place=each) for each in STATES]
        if self.place in STATES:
            return [replace(self, place=f"{_slug(city)}-{self.place}") for city in cities]
        return []

    @property
    def _has_range(self) -> bool:
        return self.min_price is not None or self.max_price is not None

    def _sort_by(self) -> str:
        if self.order is Order.NEWEST:
            return ""
        price = "rental_price" if self.source is ListingSource.RENT else "sale_price"
        return f"{price}-{'asc' if self.order is Order.CHEAPEST else 'desc'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPage:
    """A page that a walk asks for."""

    query: ListingQuery
    number: int
    partition: str  # of the source's pages: what it is recorded under
    again: bool = False  # to be fetched though it was read before

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


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
