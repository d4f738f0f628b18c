"""The middle of a detail page: price, features, description, amenities and map."""

from __future__ import annotations

from datetime import datetime
from html import escape

from pincali_sync.domain.prices import Offer
from pincali_workshop.standin.pages.detail_head import heading
from pincali_workshop.standin.pages.language import ENGLISH, SPANISH, Language
from pincali_workshop.standin.pages.markup import icon, json_attribute
from pincali_workshop.standin.pages.publisher import publisher_summary
from pincali_workshop.standin.pages.wording import (
    detail_features,
    is_translated,
    place_text,
    price_html,
)
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.localtime import local_datetime
from pincali_workshop.standin.world.state import ListingState

_AGES = (
    (31_536_000, "year"),
    (2_592_000, "month"),
    (86_400, "day"),
    (3_600, "hour"),
    (60, "minute"),
)


def intro(state: ListingState, form: str, language: Language, base_url: str, now: datetime) -> str:
    """Id, publication date, prices, title, place, publisher and features."""
    listing = state.listing
    prices = "".join(
        _price(offer, text, language) for offer, text in price_html(state, form, language)
    )
    return f"""<div class="listing__intro">
<div class="title"><section>
<div class="listing-top-information">
  <div class="listing-id">
    <span>ID: {listing.public_id}</span>
  </div>
  <div class="publication-date">
    {language.published}
    {_publication(listing, language, now)}
  </div>
</div>
<div class="mb:066"><div class="listing__price">
{prices}</div></div>
{heading(state, language, base_url)}<h2 class="location">
  {escape(place_text(listing, language))}
</h2>
</section></div>
{publisher_summary(listing, language, base_url)}<div class="listing__features">
{_features(listing, form, language)}</div>
</div>
"""


def description(state: ListingState, language: Language) -> str:
    """The description, and its copy in a dialog."""
    text = _translations(state, language)
    return f"""<div class="listing__description" data-visibility-scope="">
  <section class="flex:center-between mb:100"><div class="title-h6 mb:0">{language.description}</div>
  <a class="button --link h-100 p:0" data-visibility-toggler="[data-translation]" href="#">{language.original}</a></section>
  <p class="text-description">
    {text}
  </p>
</div>
<div class="eb-modal --md modal fade" id="description-modal" tabindex="-1" role="dialog">
  <div class="modal-body"><p class="text-break">
    {text}
  </p></div>
</div>
"""  # noqa: E501


def amenities(listing: Listing, language: Language) -> str:
    """The amenities in their groups; nothing where there are none."""
    which = 0 if language is ENGLISH else 1
    groups = "".join(
        _amenity_group(group[which], [name[which] for name in names])
        for group, names in listing.rooms.amenities.items()
    )
    if not groups:
        return ""
    return f"""<div class="listing__amenities">
<div class="title-h6">{language.amenities}</div>
{groups}</div>
"""


def map_section(listing: Listing, language: Language, base_url: str) -> str:
    """The map: an empty frame with the URL that the site's script will load into it."""
    place = listing.place
    pin = f"{place.latitude},{place.longitude}"
    frame = escape(f"{base_url}/maps/embed/v1/place?key=standin&q={pin}")
    clipboard = escape(f"https://google.com/maps?&q={place.latitude}+{place.longitude}")
    parts = (place.address, place.neighborhood, place.city.name, place.city.state)
    address = ", ".join(part for part in parts if part)
    return f"""<div class="listing__map">
  <div class="flex:center-between mb:066"><div class="title-h6 mb:0">{language.location}</div>
  <a class="copy-clipboard button --link p:0" data-clipboard-text="{clipboard}" href="#">{icon("fa-link-simple", "far")}Copy link</a></div>
  <p class="map-address-info">{escape(address)}</p>
  <div id="map" class="map-container">
    <div id="map_container" class="position-relative" data-lazy-iframe-url="{frame}"></div>
  </div>
</div>
"""  # noqa: E501


def data_rows(listing: Listing, language: Language) -> str:
    """The list of labels and values that pages have since 2026."""
    label = "Listing details" if language is ENGLISH else "Datos del anuncio"
    names = ("Tipo", "Ciudad", "Estado") if language is SPANISH else ("Type", "City", "State")
    values = (language.kind(listing.kind), listing.place.city.name, listing.place.city.state)
    rows = "".join(
        f'<li class="listing__data-row"><span>{name}</span><span>{escape(value)}</span></li>\n'
        for name, value in zip(names, values, strict=True)
    )
    return (
        f'<div class="listing__data"><div class="title-h6">{label}</div>\n<ul>{rows}</ul></div>\n'
    )


def _publication(listing: Listing, language: Language, now: datetime) -> str:
    date = local_datetime(listing.life.birth).isoformat()
    data = json_attribute({"language": language.code, "date": date})
    age = _age(int(now.timestamp()) - listing.life.birth)
    return f'<span data-publication-date="{data}">{age}</span>'


def _age(seconds: int) -> str:
    for unit, name in _AGES:
        number = seconds // unit
        if number == 1:
            return f"{'an' if name == 'hour' else 'a'} {name} ago"
        if number > 1:
            return f"{number} {name}s ago"
    return "a few seconds ago"


def _price(offer: Offer, text: str, language: Language) -> str:
    return f"""<div class="price">
  <div class="digits">{text}</div>
  <div class="operation-type">{language.operation(offer.operation)}</div>
</div>
"""


def _features(listing: Listing, form: str, language: Language) -> str:
    return "".join(
        f'<div class="feature-icon">\n  {icon(feature.icon)}\n  {feature.text}\n</div>\n'
        for feature in detail_features(listing, form, language)
    )


def _translations(state: ListingState, language: Language) -> str:
    spanish = _with_breaks(state.listing.wording.description_es)
    if not is_translated(state, language):
        return spanish
    english = _with_breaks(state.listing.wording.description_en)
    return (
        f'<span data-translation="">{english}</span>'
        f'<span class="d-none" data-translation="">{spanish}</span>'
    )


def _with_breaks(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _amenity_group(title: str, names: list[str]) -> str:
    items = "".join(f"<li>{icon('fa-check')}<span>{escape(name)}</span></li>\n" for name in names)
    return f"""<div class="amenities-group">
  <div class="amenities-group-title">{title}</div>
  <ul class="amenities-list">
{items}  </ul>
</div>
"""
