"""Where listings are: real cities, invented neighbourhoods and streets."""

from __future__ import annotations

from dataclasses import dataclass

from pincali_workshop.standin.world.draws import Draws


@dataclass(frozen=True, slots=True)
class City:
    """A city of the world, with its centre."""

    name: str
    state: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A listing's address and pin."""

    neighborhood: str
    city: City
    street: str
    number: int
    shows_street: bool  # in the address of the detail page
    latitude: float
    longitude: float
    exact: bool  # False: the pin is the neighbourhood's centre

    @property
    def address(self) -> str | None:
        """Street and number, where the listing shows them."""
        return f"{self.street} {self.number}" if self.shows_street else None


CITIES = (
    City("Zapopan", "Jalisco", 20.7211, -103.3918),
    City("Guadalajara", "Jalisco", 20.6736, -103.344),
    City("Mérida", "Yucatán", 20.9674, -89.5926),
    City("Monterrey", "Nuevo León", 25.6866, -100.3161),
    City("Querétaro", "Querétaro", 20.5888, -100.3899),
    City("Cancún", "Quintana Roo", 21.1619, -86.8515),
    City("Puebla", "Puebla", 19.0414, -98.2063),
    City("San Luis Potosí", "San Luis Potosí", 22.1565, -100.9855),
    City("Tijuana", "Baja California", 32.5149, -117.0382),
    City("Benito Juárez", "Ciudad de México", 19.3806, -99.1612),
)
NEIGHBORHOODS = (
    "Jardines del Faro", "Lomas del Encino", "Villa Jacaranda", "Puerta Serena",
    "Bosques de Ámbar", "Real del Colibrí", "Hacienda La Alondra", "Cumbres del Nogal",
    "Paseo de las Garzas", "Ampliación El Mezquite", "Prados de Santa Elvira", "El Manantial II",
    "Residencial Altozano Norte", "Valle del Quetzal", "Rincón de San Telmo", "La Ceiba",
    "Arboledas - 3a Sección", "Fraccionamiento Los Tulipanes", "Colinas de Ocotlán", "Centro",
)  # fmt: skip
STREETS = (
    "Calle Álamo", "Calle Cedro", "Avenida del Faro", "Calle Magnolia", "Privada Colibrí",
    "Calle Obsidiana", "Boulevard Las Garzas", "Calle Turquesa", "Cerrada Nogal", "Calle Ámbar",
    "Circuito Jacarandas", "Calle Luna", "Avenida La Ceiba", "Calle Peñón", "Andador Tulipán",
    "Calle Quetzal", "Retorno Encino", "Calle Alondra", "Calle Mezquite", "Paseo San Telmo",
)  # fmt: skip
_FIRST_NUMBER = 100
_NEIGHBORHOOD_SPREAD = 0.06  # degrees around the city's centre
_PIN_SPREAD = 0.006  # degrees around the neighbourhood's centre
_EXACT = 0.75
_STREET_SHOWN = 0.2


def place_of(seed: int, index: int) -> Place:
    """The listing's place; no two listings share a street and number."""
    draws = Draws(seed, index, "place")
    city, neighborhood = draws.pick(CITIES), draws.pick(NEIGHBORHOODS)
    exact = draws.chance(_EXACT)
    latitude, longitude = _centre(city, neighborhood)
    if exact:
        latitude += draws.between(-_PIN_SPREAD, _PIN_SPREAD)
        longitude += draws.between(-_PIN_SPREAD, _PIN_SPREAD)
    digits = 7 if draws.chance(0.8) else 10
    return Place(
        neighborhood=neighborhood,
        city=city,
        street=STREETS[index % len(STREETS)],
        number=_FIRST_NUMBER + index // len(STREETS),
        shows_street=exact and draws.chance(_STREET_SHOWN / _EXACT),
        latitude=round(latitude, digits),
        longitude=round(longitude, digits),
        exact=exact,
    )


def _centre(city: City, neighborhood: str) -> tuple[float, float]:
    draws = Draws("centre", city.name, neighborhood)
    return (
        city.latitude + draws.between(-_NEIGHBORHOOD_SPREAD, _NEIGHBORHOOD_SPREAD),
        city.longitude + draws.between(-_NEIGHBORHOOD_SPREAD, _NEIGHBORHOOD_SPREAD),
    )
