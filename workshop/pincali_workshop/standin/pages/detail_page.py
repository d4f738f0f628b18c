"""A listing's own page, as the server sends it: before any script ran."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pincali_workshop.standin.pages.chrome import footer, top_bar
from pincali_workshop.standin.pages.detail_body import (
    amenities,
    data_rows,
    description,
    intro,
    map_section,
)
from pincali_workshop.standin.pages.detail_head import (
    breadcrumbs,
    detail_head,
    header_attributes,
    heading,
    sold_banner,
)
from pincali_workshop.standin.pages.detail_media import media
from pincali_workshop.standin.pages.language import Language
from pincali_workshop.standin.pages.publisher import publisher_info, sidebar
from pincali_workshop.standin.world.state import ListingState

# What the site's own script does to the page.
_SCRIPT = """<script>
document.addEventListener("DOMContentLoaded", function () {
  document.querySelectorAll("img[data-src]").forEach(function (image) {
    image.src = image.getAttribute("data-src");
    image.removeAttribute("data-src");
  });
  var holder = document.querySelector("[data-lazy-iframe-url]");
  if (holder) {
    var frame = document.createElement("iframe");
    frame.src = holder.getAttribute("data-lazy-iframe-url");
    holder.removeAttribute("data-lazy-iframe-url");
    holder.appendChild(frame);
  }
});
</script>
"""


def detail_page(
    state: ListingState,
    similar: Sequence[bytes],
    *,
    form: str,
    language: Language,
    base_url: str,
    now: datetime,
    is_sold: bool = False,
) -> bytes:
    """The page in one language.

    Args:
        similar: cards of other listings, for the carousel.
        now: what "published 3 hours ago" is told by.
        is_sold: it is off the market, and its page says so above everything else.
    """
    before = _before_carousel(state, form, language, base_url, now, is_sold=is_sold)
    return b"".join((before.encode(), *similar, _after_carousel(state, base_url).encode()))


def _before_carousel(
    state: ListingState,
    form: str,
    language: Language,
    base_url: str,
    now: datetime,
    *,
    is_sold: bool,
) -> str:
    listing = state.listing
    banner = sold_banner(listing, language) if is_sold else ""
    rows = "" if form == "2025" else data_rows(listing, language)
    return f"""{detail_head(state, form, language, base_url, is_sold=is_sold)}  <body class="marketplace properties show" data-track-event-mode="Marketplace">
{top_bar(base_url)}{banner}<div class="listing"><div class="listing__container">
<div {header_attributes(state, form)}>
<div class="top" data-sticky-header="">
{breadcrumbs(listing, language)}
<div class="title">
{heading(state, language, base_url)}<div class="actions">{_favorite(listing.numeric_id)}</div>
</div></div>
{media(listing, base_url)}</div>
<div class="listing__detail">
{intro(state, form, language, base_url, now)}{description(state, language)}{rows}{amenities(listing, language)}{map_section(listing, language, base_url)}</div>
{sidebar(listing, language, base_url)}<div class="listing__similar-properties">
<div class="title-h6">{language.similar}</div>
<div class="listing__similar-properties"><div class="carousel slide similar-property-desktop" data-ride="carousel" id="carousel">
<div class="carousel-inner" role="listbox"><div class="carousel-item active"><div class="properties-container">
"""  # noqa: E501


def _after_carousel(state: ListingState, base_url: str) -> str:
    return f"""
</div></div></div></div></div></div>
<div class="listing__publisher">
{publisher_info(state.listing, base_url)}</div>
</div></div>
{footer()}{_SCRIPT}  </body>
</html>
"""


def _favorite(number: int) -> str:
    return f"""<div class="action-button favorite-button" data-remote-modal='{{"url":"/en/properties/{number}/available_favorite_lists","target":"[data-favorite-lists-modal]"}}' data-id="{number}" data-favorite="true">
<span class="save">Save</span></div>"""  # noqa: E501
