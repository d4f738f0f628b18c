"""`pincali-sync today`: what is new, cheaper, dearer, gone and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from pincali_sync.cli.asking import ask
from pincali_sync.cli.output import (
    Field,
    JsonOption,
    LimitOption,
    console,
    echo,
    print_json,
    print_records,
    print_table,
)
from pincali_sync.db.repositories.insights.news import NewsEntry
from pincali_sync.domain.news import NewsKind, Period
from pincali_sync.exceptions import UsageError
from pincali_sync.language import N_, _
from pincali_sync.rendering.formats import money
from pincali_sync.rendering.news_words import DAYS, NEWS, by_url


def _price(entry: NewsEntry) -> str | None:
    if entry.price is None:
        return None
    price = money(entry.price, entry.currency)
    if entry.old_price is None:
        return price
    return _("%(old)s to %(new)s", old=money(entry.old_price, None), new=price)


_CHANGES: dict[str, Field] = {
    N_("property"): "property_id",
    N_("when"): "created_at",
    N_("what"): lambda each: _(NEWS[NewsKind(each.kind)]),
    N_("title"): "title",
    N_("city"): "city",
    N_("price"): _price,
    N_("change"): lambda each: None if each.change is None else f"{each.change:+.1%}",
    N_("page"): "source_url",
}
_BY_URL: dict[str, Field] = {
    N_("property"): "property_id",
    N_("since"): "first_seen_at",
    N_("page"): "source_url",
}
_CITIES: dict[str, Field] = {N_("city"): "city", **{NEWS[kind]: kind for kind in NewsKind}}


def today(
    period: Annotated[
        Period, typer.Option("--period", help="Which days the list is of.")
    ] = Period.TODAY,
    kind: Annotated[
        NewsKind | None, typer.Option("--kind", help="Only one kind of change.")
    ] = None,
    city: Annotated[str | None, typer.Option(help="Only in this city.")] = None,
    limit: LimitOption = 20,
    url_only: Annotated[
        bool,
        typer.Option("--by-url", help="Instead, all that are known by their URL alone."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what is new, cheaper, dearer, gone and back: today, yesterday, within seven days."""
    if url_only:
        if kind or city or period is not Period.TODAY:
            raise UsageError(_("--by-url goes with --limit and --json alone"))
        _show_by_url(limit, as_json=as_json)
        return
    found = ask(
        lambda services: services.news.read(period, kind=kind, city=city, limit=limit, week=True)
    )
    if as_json:
        print_json(found)
        return
    if console.is_terminal:  # a program reads one table: the changes
        draw_counts(found.counts.as_figures())
        if found.cities:
            print_records(_("By city"), _CITIES, found.cities)
        if found.known_by_url:
            see = _("See %(command)s.", command="pincali-sync today --by-url")
            echo(f"{by_url(found.known_by_url)} {see}")
    print_records(_("The latest first"), _CHANGES, found.changes)


def _show_by_url(limit: int, *, as_json: bool) -> None:
    found = ask(lambda services: services.news.by_url(limit=limit))
    if as_json:
        print_json(found)
    else:
        print_records(_("Known by their URL alone, the latest first"), _BY_URL, found.listings)


def draw_counts(counts: Mapping[str, Mapping[str, int]]) -> None:
    """How much of each kind happened on which days, as `DayCounts.as_figures` has it."""
    rows = [[_(name), *(counts[days].get(kind) for days in DAYS)] for kind, name in NEWS.items()]
    print_table(_("Changes"), (N_("what"), *DAYS.values()), rows)
