"""A search page: cards between a head that counts them and a pager."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.pages.chrome import footer, head, top_bar
from pincali_workshop.standin.pages.filters import filter_form
from pincali_workshop.standin.pages.markup import grouped, icon

_NAMES = {
    ListingSource.SALE: "Properties for sale",
    ListingSource.RENT: "Properties for rent",
    ListingSource.FORECLOSURE: "Properties in foreclosure",
    ListingSource.NEW_CONSTRUCTION: "Properties under construction",
}


@dataclass(frozen=True, slots=True)
class PageSlot:
    """Which page of which search this is."""

    source: ListingSource | None  # None: the whole stock
    number: int  # from 1
    total_pages: int
    total_listings: int
    path: str
    query: str = ""  # of the search, without the page

    def href(self, number: int) -> str:
        """The path of a page: the first one carries no number."""
        page = f"page={number}" if number > 1 else ""
        query = "&".join(part for part in (self.query, page) if part)
        return f"{self.path}?{query}" if query else self.path


def before_cards(slot: PageSlot, base_url: str) -> bytes:
    """Everything up to the first card."""
    searched = _NAMES[slot.source] if slot.source else "Properties"
    name, total = f"{searched} in Mexico", grouped(slot.total_listings)
    path = escape(slot.path)
    title = f"{total} {name}"
    return f"""{head(title, f"Search {title}.", base_url)}  <body class="marketplace  properties index" data-track-event-mode="Marketplace">
{top_bar(base_url)}{filter_form(slot.path)}<div id="result_set" class="wrapper" data-pagination=".pagination a" data-section="properties">
  <div class="list__actions" data-topbar-scroll="true" data-search-path="{path}">
    <div class="action__result">
      <h1>{name}</h1>
      <h2>{total} results</h2>
    </div>
  </div>
  <div class="search-results list__properties" data-search-results="" data-has-filters="false" data-total="{slot.total_listings}">
    """.encode()  # noqa: E501


def after_cards(slot: PageSlot) -> bytes:
    """Everything after the last card."""
    return f"""
      <div class="paginate" data-cache-pagination="1">
{_pager(slot)}    <div class="pagination-summary">
      Page {grouped(slot.number)} of {grouped(slot.total_pages)}
    </div>
  </div>
</div>
</div>
{footer()}  </body>
</html>
""".encode()


def _pager(slot: PageSlot) -> str:
    """A disabled arrow still holds a link, as on the real site."""
    last = slot.number >= slot.total_pages
    return f"""  <nav class="pagination">
    <span class="prev page pagination-button  {"disabled" if slot.number == 1 else ""}">
  <a rel="prev" data-remote="true" href="{escape(slot.href(slot.number - 1))}"><span>{icon("fa-chevron-left", "fas")}</span></a>
</span>
    <span class="pagination-button page current">
  {slot.number}
</span>
    <span class="next page pagination-button {"disabled" if last else ""}">
  <a rel="next" data-remote="true" href="{escape(slot.href(slot.number + 1))}"><span>{icon("fa-chevron-right", "fas")}</span></a>
</span>
  </nav>
"""  # noqa: E501
