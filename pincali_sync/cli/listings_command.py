"""`pincali-sync listings`: the live table to be looked through, as `/listings` shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from pincali_sync.bootstrap import Services
from pincali_sync.cli.asking import ask
from pincali_sync.cli.filter_options import with_filter
from pincali_sync.cli.output import (
    Field,
    JsonOption,
    Name,
    console,
    echo,
    print_json,
    print_records,
)
from pincali_sync.db.repositories.listings.browsing import (
    LOOKED_AT,
    MOST_COUNTED,
    ListingPage,
    ListingRow,
)
from pincali_sync.domain.listing_filter import ListingFilter, ListingOrder
from pincali_sync.domain.listing_status import PRESENT
from pincali_sync.language import N_, _, ngettext
from pincali_sync.moments import local_day
from pincali_sync.rendering.formats import money, number

_MOST = 1_000


@with_filter
def listings(
    where: ListingFilter,
    sort: Annotated[
        ListingOrder, typer.Option(help="What comes first; prices are those of one currency.")
    ] = ListingOrder.NEWEST,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, metavar="N", help="How many.")] = 20,
    after: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Go on after an earlier page's end.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List live listings that are asked for; those present unless --status says otherwise."""
    wanted = replace(where, status=where.status or PRESENT)

    async def work(services: Services) -> ListingPage:
        async with services.db.transaction() as tx:
            return await tx.browsing.page(wanted, sort, after=after, size=limit)

    found = ask(work)
    if as_json:
        print_json({"found": found.found, "listings": found.rows, "next": found.next})
        return
    is_narrow = console.is_terminal and console.width < _WIDE
    print_records(_("Listings"), _FEW_COLUMNS if is_narrow else _COLUMNS, found.rows)
    if console.is_terminal:
        echo(_summary(found))


def _price(listing: ListingRow) -> str:
    per = " / m²" if listing.price is not None and listing.price_unit == "m2" else ""
    return money(listing.price, listing.currency) + per


def _first_seen(listing: ListingRow) -> str | None:
    return None if listing.first_seen_at is None else local_day(listing.first_seen_at)


def _place(listing: ListingRow) -> str | None:
    return ", ".join(filter(None, (listing.neighborhood, listing.city))) or None


_COLUMNS: dict[str, Field] = {
    N_("property"): "property_id",
    N_("title"): "title",
    N_("price"): _price,
    N_("place"): _place,
    N_("state"): lambda row: Name(row.listing_status),
    N_("first seen"): "first_seen_at",
    N_("price as of"): "price_as_of",
}
_FEW_COLUMNS: dict[str, Field] = {
    N_("property"): "property_id",
    N_("title"): "title",
    N_("price"): _price,
    "first seen": _first_seen,
}
_WIDE = 150  # columns of a terminal that has room for all


def _summary(found: ListingPage) -> str:
    if found.found is None and not found.is_many:
        count = _("Not counted: that would take too long.")
    elif found.found is None:
        count = _("More than %(number)s listings.", number=number(MOST_COUNTED))
    else:
        count = ngettext("%(num)s listing.", "%(num)s listings.", found.found)
    more = _("Go on with --after '%(cursor)s'", cursor=found.next) if found.next else ""
    if found.is_cut:
        more = _(
            "%(number)s listings were looked through in this order; there may be more that fit: "
            "go on with --after '%(cursor)s'",
            number=number(LOOKED_AT),
            cursor=found.next,
        )
    return f"{count} {more}".rstrip()
