"""Titles, slugs and descriptions: Spanish originals and their machine translations."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from pincali_sync.domain.prices import Operation
from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.kinds import Kind
from pincali_workshop.standin.world.places import Place
from pincali_workshop.standin.world.rooms import Rooms

_UUID_SHARE = 0.12  # of slugs
_UPPER_SHARE = 0.25  # of titles

# (Spanish, English)
_TITLES = (
    ("{kind} en {op} en {hood}", "{kind} for {op} in {hood}"),
    ("{kind} en {op} {street} {number}, {hood}", "{kind} for {op} {street} {number}, {hood}"),
    ("Se ofrece {kind_low} en {op}, {hood}, {city}", "{kind} offered for {op}, {hood}, {city}"),
    ("Oportunidad: {kind_low} en {op} & escritura", "Opportunity: {kind_low} for {op} & deed"),
    ("{kind} \"La Joya\" en {op}, {city}", "{kind} \"La Joya\" for {op}, {city}"),
    ("Excelente {kind_low} en {op} cerca de {hood} 🏡", "Fine {kind_low} for {op} near {hood} 🏡"),
)  # fmt: skip
_OPENINGS = (
    ("{kind} en {op} en {hood}, {city} 🏡", "{kind} for {op} in {hood}, {city} 🏡"),
    ("Conozca esta propiedad en {hood}.", "Get to know this property in {hood}."),
    ("Ubicación inmejorable en {city}", "Unbeatable location in {city}"),
)
_LINES = (
    ("A cinco minutos de la avenida principal", "Five minutes from the main avenue"),
    ("Escuelas y parques cercanos", "Schools & parks nearby"),
    ("Escrituras al corriente", "Title deeds up to date"),
    ("Se aceptan créditos bancarios", "Bank credits accepted"),
    ("Vigilancia las 24 horas 🔑", "Surveillance 24 hours a day 🔑"),
    ("Excelente iluminación natural ☀️", "Excellent natural light ☀️"),
    ("Precio sujeto a cambio sin previo aviso", "Price subject to change without notice"),
    ("Agende su cita <hoy mismo>", "Book your visit <today>"),
)
_OPERATIONS = {
    (Operation.SALE,): ("venta", "sale"),
    (Operation.RENT,): ("renta", "rent"),
    (Operation.SALE, Operation.RENT): ("venta o renta", "sale or rent"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A listing's texts. Descriptions are put together when they are asked for."""

    slug: str
    title_es: str
    title_en: str
    lines: tuple[tuple[str, str], ...]  # (Spanish, English), of the description
    kind: Kind
    place: Place
    operations: tuple[Operation, ...]

    @property
    def description_es(self) -> str:
        """With a newline between lines."""
        words = _words(self.kind.spanish, _OPERATIONS[self.operations][0], self.place)
        return "\n".join(spanish.format(**words) for spanish, _ in self.lines)

    @property
    def description_en(self) -> str:
        """With a newline between lines."""
        words = _words(self.kind.english, _OPERATIONS[self.operations][1], self.place)
        return "\n".join(english.format(**words) for _, english in self.lines)


def wording_of(
    seed: int,
    index: int,
    *,
    kind: Kind,
    place: Place,
    rooms: Rooms,
    operations: tuple[Operation, ...],
) -> Wording:
    """The listing's texts. Slugs are unique: each ends in a UUID or in its street and number."""
    draws = Draws(seed, index, "words")
    op_es, op_en = _OPERATIONS[operations]
    spanish = _words(kind.spanish, op_es, place)
    english = _words(kind.english, op_en, place)
    title_es, title_en = draws.pick(_TITLES)
    title_es, title_en = title_es.format(**spanish), title_en.format(**english)
    if draws.chance(_UPPER_SHARE):
        title_es, title_en = title_es.upper(), title_en.upper()
    lines = (draws.pick(_OPENINGS), *_room_lines(rooms), *_some(draws))
    return Wording(
        slug=_slug(draws, title_es, place),
        title_es=title_es,
        title_en=title_en,
        lines=lines,
        kind=kind,
        place=place,
        operations=operations,
    )


def slugify(text: str) -> str:
    """ "Casa en Mérida" as "casa-en-merida"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _words(kind: str, operation: str, place: Place) -> dict[str, object]:
    return {
        "kind": kind,
        "kind_low": kind.lower(),
        "op": operation,
        "hood": place.neighborhood,
        "city": place.city.name,
        "street": place.street,
        "number": place.number,
    }


def _room_lines(rooms: Rooms) -> list[tuple[str, str]]:
    lines = []
    if rooms.bedrooms:
        lines.append((f"Recámaras: {rooms.bedrooms}", f"Bedrooms: {rooms.bedrooms}"))
    if rooms.card_m2:
        lines.append((f"Superficie: {rooms.card_m2} m²", f"Area: {rooms.card_m2} m²"))
    return lines


def _some(draws: Draws) -> list[tuple[str, str]]:
    first, count = draws.integer(0, len(_LINES) - 1), draws.integer(2, len(_LINES))
    return [_LINES[(first + step) % len(_LINES)] for step in range(count)]


def _slug(draws: Draws, title: str, place: Place) -> str:
    if draws.chance(_UUID_SHARE):
        digits = draws.hexadecimal(30)
        groups = digits[:8], digits[8:12], f"4{digits[12:15]}", f"a{digits[15:18]}", digits[18:]
        return f"{slugify(title)}-{'-'.join(groups)}"
    address = slugify(f"{place.street} {place.number}")
    return f"{slugify(title.replace(f'{place.street} {place.number}', ''))}-{address}"
