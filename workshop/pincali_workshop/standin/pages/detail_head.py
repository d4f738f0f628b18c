"""The start of a detail page: head, tracking data, breadcrumbs and title."""

from __future__ import annotations

from html import escape

from pincali_sync.domain.identity import CANONICAL_ROOT
from pincali_sync.domain.prices import Operation
from pincali_workshop.standin.pages.chrome import head
from pincali_workshop.standin.pages.language import LANGUAGES, SPANISH, Language
from pincali_workshop.standin.pages.markup import icon, json_attribute, json_script
from pincali_workshop.standin.pages.photos import photo_urls
from pincali_workshop.standin.pages.twins import address_json, date_posted, offers_json
from pincali_workshop.standin.pages.wording import description_of, is_translated, path_of, title_of
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.state import ListingState
from pincali_workshop.standin.world.wording import slugify

_SITE = CANONICAL_ROOT.removesuffix("/en/home/")
_BLURB = 160
_BANNERS = ("listing__status-banner", "property-status alert --sold", "listing__banner sold")


def detail_head(
    state: ListingState, form: str, language: Language, base_url: str, *, is_sold: bool = False
) -> str:
    """The document's head with the links between the languages."""
    listing = state.listing
    blurb = description_of(state, language).replace("\n", " ")[:_BLURB]
    image = escape(photo_urls(listing, base_url)[0])
    extra = f"""<link rel="canonical" href="{_SITE}{path_of(state, language)}">
{"".join(_alternate(state, other, other.hreflang) for other in LANGUAGES)}\
{_alternate(state, SPANISH, "x-default")}<meta content="{image}" itemprop="image" property="og:image">
"""  # noqa: E501
    if form != "2025":
        extra += _residence(state, language, base_url, is_sold=is_sold) + _crumb_list(
            listing, language
        )
    return head(title_of(state, language), blurb, base_url, extra)


def header_attributes(state: ListingState, form: str) -> str:
    """The attributes of `.listing__header`: what the site tells its statistics."""
    listing = state.listing
    data: dict[str, object] = {
        "Property ID": listing.public_id,
        "State": listing.place.city.state,
        "City": listing.place.city.name,
        "Type": listing.kind.english,
        "Rental": Operation.RENT in listing.operations,
        "Sale": Operation.SALE in listing.operations,
    }
    if form != "2025":
        data |= {
            "Property Neighborhood": listing.place.neighborhood,
            "Property Type": listing.kind.english,
            "Bedrooms": listing.rooms.bedrooms,
            "Bathrooms": listing.rooms.bathrooms,
            "Images Count": len(listing.photos),
            "Has Video": False,
            "Has Virtual Tour": False,
        }
    return (
        'class="listing__header" data-track-event-on-page-load="Viewed Property"'
        f' data-track-custom-properties="{json_attribute(data)}"'
    )


def breadcrumbs(listing: Listing, language: Language) -> str:
    """Home, type, state, city and neighbourhood."""
    links = "".join(
        f'{icon("fa-angle-right")}<a href="{path}">{escape(name)}</a>'
        for name, path in _crumbs(listing, language)
    )
    return f'<div class="eb-breadcrumbs"><a href="/en">{icon("fa-house")}</a>{links}</div>'


def sold_banner(listing: Listing, language: Language) -> str:
    """The strip above a listing that is off the market; sites word and name it in several ways."""
    name = _BANNERS[listing.index % len(_BANNERS)]
    text = language.sold_words[listing.index % len(language.sold_words)]
    return f'<div class="{name}" role="status">{escape(text)}</div>\n'


def heading(state: ListingState, language: Language, base_url: str) -> str:
    """The title; a translated one has the original hidden behind it."""
    wording = state.listing.wording
    if not is_translated(state, language):
        return f'<h1 class="property-title">\n  {escape(title_of(state, language))}\n</h1>\n'
    return f"""<h1 class="property-title">
  <div title="The title of this property was automatically translated" class="d-inline" data-toggle="tooltip">
    <img class="translation-icon" src="{base_url}/assets/translation.svg">
  </div>
  <span data-translation="">{escape(wording.title_en)}</span><span class="d-none" data-translation="">{escape(wording.title_es)}</span>
</h1>
"""  # noqa: E501


def _alternate(state: ListingState, language: Language, hreflang: str) -> str:
    href = f"{_SITE}{path_of(state, language)}"
    return f'<link rel="alternate" href="{href}" hreflang="{hreflang}">\n'


def _crumbs(listing: Listing, language: Language) -> list[tuple[str, str]]:
    action = "sale" if Operation.SALE in listing.operations else "rent"
    search = f"/en/properties/{listing.kind.plural}-for-{action}"
    city, neighborhood = listing.place.city, listing.place.neighborhood
    state_slug = slugify(city.state)
    city_slug = f"{slugify(city.name)}-{state_slug}"
    return [
        (language.kind(listing.kind), search),
        (city.state, f"{search}-in-{state_slug}"),
        (city.name, f"{search}-in-{city_slug}"),
        (neighborhood, f"{search}-in-{slugify(neighborhood)}-{city_slug}"),
    ]


def _residence(state: ListingState, language: Language, base_url: str, *, is_sold: bool) -> str:
    listing, rooms = state.listing, state.listing.rooms
    data = {
        "@context": "https://schema.org",
        "@type": ["Product", "SingleFamilyResidence"],
        "@id": f"{_SITE}{path_of(state, language)}",
        "name": title_of(state, language),
        "image": photo_urls(listing, base_url)[:1],
        "category": listing.kind.english,
        "datePosted": date_posted(listing).isoformat(),
        "numberOfBedrooms": rooms.bedrooms,
        "numberOfBathroomsTotal": rooms.bathrooms,
        "address": address_json(listing),
        "offers": offers_json(state.offers, "SoldOut" if is_sold else "InStock"),
    }
    return json_script({key: value for key, value in data.items() if value is not None})


def _crumb_list(listing: Listing, language: Language) -> str:
    crumbs = enumerate(_crumbs(listing, language), 1)
    items = [
        {"@type": "ListItem", "position": place, "name": name, "item": f"{_SITE}{path}"}
        for place, (name, path) in crumbs
    ]
    return json_script(
        {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}
    )
