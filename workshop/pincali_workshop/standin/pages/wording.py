"""A listing in words: its price, place, title and features in one language."""

from __future__ import annotations

from dataclasses import dataclass

from pincali_sync.domain.prices import Currency, Offer
from pincali_workshop.standin.pages.language import ENGLISH, Language, counted
from pincali_workshop.standin.pages.markup import grouped
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.prices import PESOS_PER_DOLLAR
from pincali_workshop.standin.world.rooms import NEW
from pincali_workshop.standin.world.state import ListingState

_STRIKES = (
    ("<del>", "</del>"),
    ("<s>", "</s>"),
    ('<span class="price-before" style="text-decoration: line-through">', "</span>"),
)


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a detail page: the name of its icon and its text."""

    icon: str
    text: str


def price_text(offer: Offer, form: str, language: Language) -> str:
    """ "$4,650,000" in 2025, "$4,650,000 MXN" in 2026; the unit follows."""
    if offer.amount is None:
        return language.on_request
    digits = grouped(offer.amount)
    if form == "2025":
        text = f"US$ {digits}" if offer.currency is Currency.USD else f"${digits}"
    else:
        text = f"${digits} {offer.currency}"
    return f"{text} {language.per_m2}" if offer.per_m2 else text


def price_html(state: ListingState, form: str, language: Language) -> list[tuple[Offer, str]]:
    """Each offer with its price as markup: a former price before it, dollars behind it."""
    before = state.struck_out or (None,) * len(state.offers)
    return [
        (
            offer,
            _struck_out(state, old, form, language) + _with_dollars(state, offer, form, language),
        )
        for offer, old in zip(state.offers, before, strict=True)
    ]


def _struck_out(state: ListingState, old: Offer | None, form: str, language: Language) -> str:
    """Sites strike out by an element or by a style."""
    if old is None:
        return ""
    begin, end = _STRIKES[state.listing.index % len(_STRIKES)]
    return f"{begin}{price_text(old, form, language)}{end} "


def _with_dollars(state: ListingState, offer: Offer, form: str, language: Language) -> str:
    text = price_text(offer, form, language)
    if not state.listing.says_dollars or offer.amount is None or offer.currency is Currency.USD:
        return text
    return f"{text} (≈ US$ {grouped(round(offer.amount / PESOS_PER_DOLLAR))})"


def path_of(state: ListingState, language: Language) -> str:
    """The path of a listing's page in a language."""
    return language.prefix + state.slug


def place_text(listing: Listing, language: Language) -> str:
    """ "House in Villa Jacaranda, Mérida": never the state."""
    place = listing.place
    kind = language.kind(listing.kind)
    return f"{kind} {language.inside} {place.neighborhood}, {place.city.name}"


def is_translated(state: ListingState, language: Language) -> bool:
    """Only English pages of listings that are not brand-new show a translation."""
    return language is ENGLISH and state.translated


def title_of(state: ListingState, language: Language) -> str:
    """The title as shown: translated, or the Spanish original."""
    wording = state.listing.wording
    return wording.title_en if is_translated(state, language) else wording.title_es


def description_of(state: ListingState, language: Language) -> str:
    """The description in a language, where it is translated."""
    wording = state.listing.wording
    return wording.description_en if is_translated(state, language) else wording.description_es


def card_chips(listing: Listing, language: Language) -> list[str]:
    """The up to three features of a card."""
    rooms, chips = listing.rooms, []
    if rooms.bedrooms is not None:
        chips.append(counted(rooms.bedrooms, language.bedroom))
    if rooms.bathrooms is not None:
        chips.append(counted(rooms.bathrooms, language.bathroom))
    if rooms.card_m2 is not None:
        chips.append(f"{grouped(rooms.card_m2)} m²")
    return chips


def detail_features(listing: Listing, form: str, language: Language) -> list[Feature]:
    """All features of a detail page."""
    rooms, features = listing.rooms, []
    if rooms.bedrooms is not None:
        features.append(Feature("fa-bed", counted(rooms.bedrooms, language.bedroom)))
    if rooms.bathrooms is not None:
        features.append(Feature("fa-bath", _baths(rooms.bathrooms, rooms.half_bathrooms, language)))
    if rooms.parking_spaces is not None:
        features.append(Feature("fa-car", counted(rooms.parking_spaces, language.parking)))
    if rooms.total_m2 is not None:
        features.append(Feature("fa-cube", f"{grouped(rooms.total_m2)} m² {language.total_space}"))
    if rooms.lot_m2 is not None:
        features.append(Feature("fa-expand", f"{grouped(rooms.lot_m2)} m² {language.lot_size}"))
    if rooms.floor is not None:
        features.append(Feature("fa-building", f"{language.floor} {rooms.floor}"))
    if rooms.year_built is not None:
        features.append(Feature("fa-calendar", _year(rooms.year_built, form, language)))
    return features


def _baths(full: int, half: int | None, language: Language) -> str:
    text = counted(full, language.bathroom)
    return text if half is None else f"{text}, {counted(half, language.half_bath)}"


def _year(year: int, form: str, language: Language) -> str:
    if language is not ENGLISH:
        return language.new if year == NEW else f"{language.year_built}: {year}"
    colon = "" if form == "2025" else ":"
    return f"{language.year_built}{colon} {language.new if year == NEW else year}"
