"""The database of somebody who adopts the product: everything was scraped every 28 days so far.

Most records are up to 28 days old, the others up to 60; some listings are gone already, some
prices were changed since, and whoever came on the last day is not known yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from pincali_sync.domain.prices import main_offer, offers_as_json
from pincali_sync.items import ManifestEntry, Property
from pincali_workshop.paper.answers import BASE_URL
from pincali_workshop.paper.items import card_of, page_of
from pincali_workshop.paper.timeline import instant
from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.life import DAY
from pincali_workshop.standin.world.state import ListingState, state_at

BEFORE = timedelta(days=7)  # the stock is as old when the season begins: some listings are gone
_UNKNOWN = 1 * DAY  # the youngest newcomers
_CYCLE, _LATE, _SHARE_LATE = 28.0, 60.0, 0.15  # days; of the records
_SEEN = 7.0  # days ago, at most
_MOST_VISITS, _NEWS = 6, 0.1
_JSON = {"features", "amenities", "image_urls"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """One record, with when it was scraped and seen."""

    state: ListingState  # when it was scraped
    now: ListingState  # when the season begins
    scraped_at: int
    seen_at: int
    visits: int
    news: int


def adopted(states: Iterable[ListingState], seed: int, begin: int) -> Iterator[Adopted]:
    """The records that are known when the season begins.

    Args:
        states: of all listings, at that second.
    """
    for now in states:
        listing = now.listing
        draws = Draws(seed, listing.index, "adopted")
        born, (_, end) = listing.life.birth, listing.life.spells[0]
        if born > begin - _UNKNOWN or listing.takes_over:
            continue
        is_late = draws.chance(_SHARE_LATE)
        age = draws.between(_CYCLE, _LATE) if is_late else draws.between(0, _CYCLE)
        scraped_at = max(born + 1, min(begin - int(age * DAY), end - 1))
        seen_at = max(scraped_at, min(begin - int(draws.between(0, _SEEN) * DAY), end - 1))
        visits = draws.integer(1, _MOST_VISITS)
        yield Adopted(
            state=state_at(seed, listing, scraped_at),
            now=now,
            scraped_at=scraped_at,
            seen_at=seen_at,
            visits=visits,
            news=sum(draws.chance(_NEWS) for _ in range(visits - 1)),
        )


def fill(url: str, records: Iterable[Adopted]) -> int:
    """Copies them into the empty tables `properties_live` and `property_manifest`."""
    count = 0
    with psycopg.connect(url) as live, psycopg.connect(url) as manifest:
        names_live, names_manifest = ", ".join(_LIVE), ", ".join(_MANIFEST)
        with (
            live.cursor().copy(f"COPY properties_live ({names_live}) FROM STDIN") as into_live,
            manifest.cursor().copy(
                f"COPY property_manifest ({names_manifest}) FROM STDIN"
            ) as into_manifest,
        ):
            for record in records:
                into_live.write_row(_live_row(record))
                into_manifest.write_row(_manifest_row(record))
                count += 1
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) properties_live")
        connection.execute("VACUUM (ANALYZE) property_manifest")
    return count


_PAGE = [
    name
    for name in Property.__dataclass_fields__
    if name not in {"is_featured", "is_premium", "offers"}
]
_LIVE = (
    *_PAGE,
    *("offers", "price_unit", "status", "listing_status", "data_completeness_score"),
    *("first_seen_at", "last_seen_at", "last_full_scrape_at", "scraped_at", "last_updated_at"),
    *("last_manifest_seen_at", "price_at_last_manifest", "currency_at_last_manifest"),
    *("unit_at_last_manifest", "visits", "visits_with_news", "observed_days"),
)
_CARD = [name for name in ManifestEntry.__dataclass_fields__ if name != "offers"]
_MANIFEST = (
    *_CARD,
    *("offers", "operation_type", "currency", "listing_page_price", "price_unit"),
    *("first_seen_at", "last_seen_at", "is_new", "needs_full_scrape", "sources"),
)


def _live_row(record: Adopted) -> list[Any]:
    page, scraped_at = page_of(record.state, BASE_URL), instant(record.scraped_at)
    values = [getattr(page, name) for name in _PAGE]
    for place, name in enumerate(_PAGE):
        if name in _JSON:
            values[place] = json.dumps(values[place], ensure_ascii=False)
    main = main_offer(page.offers)
    unit = main.unit if main else "total"
    first_seen_at = instant(record.state.listing.life.birth)
    seen = (first_seen_at, scraped_at, scraped_at, scraped_at, scraped_at)
    days = _CYCLE * (record.visits - 1)
    card = (page.price, page.currency, unit)
    known = (offers_as_json(page.offers), unit, "active", "active", 1)
    return [
        *values,
        *known,
        *seen,
        instant(record.seen_at),
        *card,
        record.visits,
        record.news,
        days,
    ]


def _manifest_row(record: Adopted) -> list[Any]:
    card, listing = card_of(record.state, BASE_URL), record.state.listing
    main = main_offer(card.offers)
    assert main is not None
    times: tuple[datetime, datetime] = (instant(listing.life.birth), instant(record.seen_at))
    return [
        *(getattr(card, name) for name in _CARD),
        *(offers_as_json(card.offers), main.operation.value, main.currency.value),
        *(main.amount, main.unit),
        *times,
        *(False, False, [str(source) for source in listing.sources]),
    ]
