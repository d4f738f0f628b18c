"""One card, in the markup of 2025 (`li`) and of 2026 (`div`).

The `<section>` between card and price is what keeps `li.price` inside its card in every HTML
parser: a `div` in its place would let some of them push the price out.
"""

from __future__ import annotations

from html import escape

from pincali_sync.domain.prices import Offer
from pincali_workshop.standin.pages.language import Language
from pincali_workshop.standin.pages.photos import card_photo_urls
from pincali_workshop.standin.pages.wording import (
    card_chips,
    path_of,
    place_text,
    price_html,
    title_of,
)
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.state import ListingState

_HEART = """<div class="favorite-icon">
  <svg width="27" height="34" viewbox="0 0 27 34" fill="none" xmlns="http://www.w3.org/2000/svg">
  </svg>
</div>
"""


def card_html(
    state: ListingState, form: str, language: Language, base_url: str, *, in_carousel: bool = False
) -> str:
    """One card.

    Args:
        in_carousel: below a detail page, where even the cards of 2025 tell the EasyBroker id.
    """
    listing = state.listing
    tag = "li" if form == "2025" else "div"
    href = escape(path_of(state, language))
    attributes = _attributes(listing, with_id=in_carousel or form != "2025")
    content = _content(state, form, language, href, base_url)
    return f"<{tag} {attributes}>\n{_media(listing, href, base_url)}{content}</{tag}>"


def _attributes(listing: Listing, *, with_id: bool) -> str:
    place = listing.place
    data_id = f' data-id="{listing.public_id}"' if with_id else ""
    return (
        f'class="property__component"{data_id} data-popover-content=""'
        f' data-lat="{place.latitude}" data-long="{place.longitude}"'
        f' data-exact-location="{str(place.exact).lower()}"'
    )


def _media(listing: Listing, href: str, base_url: str) -> str:
    urls = [escape(url) for url in card_photo_urls(listing, base_url)]
    number = listing.numeric_id
    return f"""  <div class="property__media">
      <div class="favorite-button" data-id="{number}" data-remote-modal='{{"url":"/en/properties/{number}/available_favorite_lists","target":"[data-favorite-lists-modal]"}}' data-favorite="true">{_HEART}</div>    <div class="swiper property-image" style="background-image: url({urls[0]})" data-carrousel="true" data-disable-touch-move="false">
  <div class="swiper-wrapper">
{"".join(_slide(url, href) for url in urls)}  </div>
    <div class="swiper-button-next" data-carousel-button-next=""></div>
    <div class="swiper-button-prev" data-carousel-button-prev=""></div>
    <div class="swiper-pagination"></div>
</div>
  </div>
"""  # noqa: E501


def _slide(url: str, href: str) -> str:
    return f"""      <div class="swiper-slide">
        <a data-new-tab-desktop="true" href="{href}">
          <picture>
            <img data-src="{url}" data-load-rasterized-image="true" class="swiper-lazy">
          </picture>
</a>      </div>
"""


def _content(state: ListingState, form: str, language: Language, href: str, base_url: str) -> str:
    listing = state.listing
    chips = "".join(f"          <div>{chip}</div>\n" for chip in card_chips(listing, language))
    prices = "".join(
        _price(offer, text, form, language) for offer, text in price_html(state, form, language)
    )
    note = "" if listing.place.exact else _approximate(language, base_url)
    return f"""  <a class="property__content property-content d-block" data-new-tab-desktop="true" href="{href}">
    <section>
      <div class="top">
       <div class="title">{escape(title_of(state, language))}</div>
      </div>
      <div class="location">{escape(place_text(listing, language))}</div>
      <div class="features">
{chips}</div>{prices}{note}    </section>
</a>"""  # noqa: E501


def _price(offer: Offer, text: str, form: str, language: Language) -> str:
    tag = "li" if form == "2025" else "div"
    return f"""          <{tag} class="price">
            {text}
            <span>{language.operation(offer.operation)}</span>
          </{tag}>
"""


def _approximate(language: Language, base_url: str) -> str:
    return f"""          <div class="text-xs mt:066 shown-on-popup">
            <img src="{base_url}/assets/pin-hidden.svg">
            {language.approximate}
          </div>
"""
