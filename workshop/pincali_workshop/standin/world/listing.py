"""What never changes about a listing."""

from __future__ import annotations

from dataclasses import dataclass

from pincali_sync.domain.identity import numeric_id_of, public_id_of
from pincali_sync.domain.prices import Offer, Operation
from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.kinds import WEIGHTED_KINDS, Kind
from pincali_workshop.standin.world.life import Life, Origin, life_of
from pincali_workshop.standin.world.names import Names, names_of
from pincali_workshop.standin.world.places import Place, place_of
from pincali_workshop.standin.world.prices import first_offers
from pincali_workshop.standin.world.rooms import Rooms, rooms_of
from pincali_workshop.standin.world.wording import Wording, wording_of

_FIRST_ID = 5_801_000
_FIRST_PHOTO_ID = 98_000_000
_PHOTO_IDS_PER_LISTING = 30
_FORECLOSURES = 0.03
_NEW_CONSTRUCTIONS = 0.04
_AGENTS = 60
_AGENCIES = 20


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of a listing."""

    photo_id: int
    extension: str
    version: int  # seconds since 1970: when it was uploaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A listing without its state: what it is, where it is and who offers it."""

    index: int
    numeric_id: int
    public_id: str
    kind: Kind
    place: Place
    rooms: Rooms
    wording: Wording
    names: Names
    takes_over: bool  # its first slug was another listing's
    first_offers: tuple[Offer, ...]
    sources: tuple[ListingSource, ...]
    agent: str
    agency: str
    life: Life
    has_twin: bool  # the search page of 2026 holds JSON-LD for it
    strikes_out: bool  # a lowered price stands beside the one before
    says_dollars: bool  # prices are said in dollars, too
    seed: int

    @property
    def photos(self) -> tuple[Photo, ...]:
        """Worked out whenever they are asked for: there are ten of each listing."""
        return _photos(self.seed, self.index, self.life.birth)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What it is offered for, from the start."""
        return tuple(offer.operation for offer in self.first_offers)


def index_of(public_id: str) -> int:
    """The index of the listing with this EasyBroker id."""
    return numeric_id_of(public_id) - _FIRST_ID


def listing_of(origin: Origin, index: int, slug: str | None = None) -> Listing:
    """The listing with this index; its id rises with its time of birth.

    Args:
        slug: one that it takes over from another listing; None: it has one of its own.
    """
    seed, life = origin.seed, life_of(origin, index)
    draws = Draws(seed, index, "kind")
    kind = draws.weighted(WEIGHTED_KINDS)
    place, rooms = place_of(seed, index), rooms_of(seed, index, kind)
    if Draws(seed, index, "bare").chance(origin.traps.bare):
        rooms = Rooms()
    offers = first_offers(seed, index, kind)
    operations = tuple(offer.operation for offer in offers)
    agent = draws.integer(1, _AGENTS)
    wording = wording_of(seed, index, kind=kind, place=place, rooms=rooms, operations=operations)
    look = Draws(seed, index, "look")
    return Listing(
        index=index,
        numeric_id=_FIRST_ID + index,
        public_id=public_id_of(_FIRST_ID + index),
        kind=kind,
        place=place,
        rooms=rooms,
        wording=wording,
        names=names_of(origin, index, life, slug or wording.slug),
        takes_over=slug is not None,
        first_offers=offers,
        sources=_sources(draws, kind, operations),
        agent=f"Agente {agent}",
        agency=f"Inmobiliaria {1 + agent % _AGENCIES}",
        life=life,
        has_twin=not draws.chance(0.02),
        strikes_out=look.chance(origin.traps.struck_out),
        says_dollars=look.chance(origin.traps.two_currencies),
        seed=seed,
    )


def _sources(
    draws: Draws, kind: Kind, operations: tuple[Operation, ...]
) -> tuple[ListingSource, ...]:
    """A foreclosure or a new construction is also for sale."""
    share = draws.unit()
    sources = [ListingSource(operation.value) for operation in operations]
    if Operation.SALE in operations and not kind.land:
        if share < _FORECLOSURES:
            sources.append(ListingSource.FORECLOSURE)
        elif share < _FORECLOSURES + _NEW_CONSTRUCTIONS:
            sources.append(ListingSource.NEW_CONSTRUCTION)
    return tuple(sources)


def _photos(seed: int, index: int, birth: int) -> tuple[Photo, ...]:
    draws = Draws(seed, index, "photos")
    count, first = draws.integer(3, 18), _FIRST_PHOTO_ID + index * _PHOTO_IDS_PER_LISTING
    extension = draws.weighted((("jpg", 0.8), ("jpeg", 0.15), ("png", 0.05)))
    heic_from = count // 2 if draws.chance(0.06) else count
    return tuple(
        Photo(first + number, "heic" if number >= heic_from else extension, birth + number)
        for number in range(count)
    )
