"""How big a listing is and what it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.kinds import Kind

NEW = 0  # built this year: the page says "New" instead of a year

# Group -> (English, Spanish); shown in this order.
AMENITIES: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("Exterior", "Exterior"): (
        ("Balcony", "Balcón"), ("Garden", "Jardín"), ("Terrace", "Terraza"),
        ("Patio", "Patio"), ("Roof garden", "Roof garden"),
    ),
    ("General", "General"): (
        ("Accessibility for elderly", "Accesibilidad para adultos mayores"),
        ("Air conditioning", "Aire acondicionado"), ("Elevator", "Elevador"),
        ("Equipped kitchen", "Cocina equipada"), ("24 Hour Security", "Seguridad 24 horas"),
    ),
    ("Policies", "Políticas"): (
        ("Pets allowed", "Mascotas permitidas"), ("No smoking", "Prohibido fumar"),
    ),
    ("Recreation", "Recreación"): (
        ("Pool", "Alberca"), ("Gym", "Gimnasio"), ("Game room", "Salón de juegos"),
        ("Kids' play area", "Área de juegos infantiles"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """None: the page does not say."""

    bedrooms: int | None = None
    bathrooms: int | None = None
    half_bathrooms: int | None = None
    parking_spaces: int | None = None
    total_m2: Decimal | None = None
    lot_m2: Decimal | None = None
    floor: int | None = None
    year_built: int | None = None  # NEW: no year, but new
    amenities: dict[tuple[str, str], tuple[tuple[str, str], ...]] = field(default_factory=dict)

    @property
    def card_m2(self) -> Decimal | None:
        """The one area that a card shows."""
        return self.total_m2 if self.total_m2 is not None else self.lot_m2


def rooms_of(seed: int, index: int, kind: Kind) -> Rooms:
    """The listing's rooms, areas, year and amenities."""
    draws = Draws(seed, index, "rooms")
    if kind.land:
        return Rooms(lot_m2=_area(draws, 90, 2_400))
    bedrooms = draws.integer(1, 5) if kind.dwelling else None
    return Rooms(
        bedrooms=bedrooms,
        bathrooms=draws.integer(1, (bedrooms or 1) + 1),
        half_bathrooms=1 if draws.chance(0.35) else None,
        parking_spaces=draws.integer(1, 4) if draws.chance(0.8) else None,
        total_m2=None if draws.chance(0.08) else _area(draws, 48, 520),
        lot_m2=None if kind.upper_floors else _area(draws, 80, 1_600),
        floor=draws.integer(1, 14) if kind.upper_floors and draws.chance(0.6) else None,
        year_built=_year(draws),
        amenities=_amenities(draws),
    )


def _area(draws: Draws, low: int, high: int) -> Decimal:
    whole = draws.integer(low, high)
    return Decimal(whole) + (Decimal(draws.integer(1, 99)) / 100 if draws.chance(0.25) else 0)


def _year(draws: Draws) -> int | None:
    known = draws.unit()
    if known < 0.55:
        return None
    return NEW if known < 0.7 else draws.integer(1972, 2025)


def _amenities(draws: Draws) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    if draws.chance(0.3):
        return {}
    chosen = {
        group: tuple(name for name in names if draws.chance(0.4))
        for group, names in AMENITIES.items()
    }
    return {group: names for group, names in chosen.items() if names}
