"""Property types: what they are called, how common they are and what they cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A property type."""

    english: str  # as the site shows it
    spanish: str
    portuguese: str
    plural: str  # in search paths
    site_id: int  # of the search form
    weight: float
    rented: float  # share that is for rent
    sale_price: tuple[int, int]  # MXN
    rent_price: tuple[int, int]  # MXN a month
    dwelling: bool = False  # has bedrooms
    land: bool = False  # has nothing but a lot
    upper_floors: bool = False


HOUSE = Kind(
    english="House", spanish="Casa", portuguese="Casa", plural="houses", site_id=29058,
    weight=48, rented=0.2, sale_price=(950_000, 14_000_000), rent_price=(7_500, 62_000),
    dwelling=True,
)  # fmt: skip
APARTMENT = Kind(
    english="Apartment", spanish="Departamento", portuguese="Apartamento", plural="apartments",
    site_id=29057, weight=20, rented=0.38, sale_price=(900_000, 8_500_000),
    rent_price=(6_000, 48_000), dwelling=True, upper_floors=True,
)  # fmt: skip
LOT = Kind(
    english="Lot", spanish="Terreno", portuguese="Terreno", plural="land", site_id=29059,
    weight=17, rented=0.04, sale_price=(180_000, 7_000_000), rent_price=(5_000, 60_000),
    land=True,
)  # fmt: skip
CONDOMINIUM = Kind(
    english="House in Condominium", spanish="Casa en condominio",
    portuguese="Casa em condomínio", plural="houses-in-condominium", site_id=28311, weight=6,
    rented=0.15, sale_price=(1_800_000, 16_000_000), rent_price=(14_000, 75_000), dwelling=True,
)  # fmt: skip
OFFICE = Kind(
    english="Office", spanish="Oficina", portuguese="Escritório", plural="offices",
    site_id=29060, weight=3, rented=0.75, sale_price=(1_200_000, 9_000_000),
    rent_price=(8_000, 90_000), upper_floors=True,
)  # fmt: skip
RETAIL = Kind(
    english="Retail Space", spanish="Local comercial", portuguese="Loja",
    plural="retail-spaces", site_id=29061, weight=3, rented=0.75,
    sale_price=(900_000, 11_000_000), rent_price=(6_500, 80_000),
)  # fmt: skip
WAREHOUSE = Kind(
    english="Industrial Warehouse", spanish="Bodega industrial", portuguese="Galpão industrial",
    plural="industrial-warehouses", site_id=28702, weight=1.5, rented=0.7,
    sale_price=(4_000_000, 30_000_000), rent_price=(35_000, 240_000),
)  # fmt: skip
VILLA = Kind(
    english="Villa", spanish="Villa", portuguese="Vila", plural="villas", site_id=28308,
    weight=1.5, rented=0.3, sale_price=(4_500_000, 24_000_000), rent_price=(28_000, 120_000),
    dwelling=True,
)  # fmt: skip

KINDS = (HOUSE, APARTMENT, LOT, CONDOMINIUM, OFFICE, RETAIL, WAREHOUSE, VILLA)
WEIGHTED_KINDS = tuple((kind, kind.weight) for kind in KINDS)
