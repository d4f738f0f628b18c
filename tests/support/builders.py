"""Small listings, pages and services for tests. All slugs and ids are invented."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from pincali_sync.clock import Clock
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.db.repositories.scan.manifest_batch import BatchCounts
from pincali_sync.domain.identity import canonical_url, property_id_of
from pincali_sync.domain.listing_status import OLDER_STATUS
from pincali_sync.domain.prices import Currency, Offer, Operation, main_offer
from pincali_sync.items import (
    ListingPage,
    ManifestEntry,
    ManifestPage,
    Property,
    QueuedProperty,
    ScrapeResult,
)
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.data_sync_service import DataSyncService, SavedBatch
from pincali_sync.services.manifest_scan_service import ManifestScanService
from pincali_sync.services.runs.job_service import JobService, JobTicket
from pincali_sync.services.runs.local_jobs import LocalJobs
from pincali_sync.services.scrape_queue_service import ScrapeQueueService
from pincali_sync.services.site.pauses import PauseService

SITE = "https://www.pincali.com"
MXN, USD, EUR = Currency.MXN, Currency.USD, Currency.EUR
LEASE = timedelta(minutes=2)
RETRY_AFTER = timedelta(minutes=1)
MAX_ATTEMPTS = 3


def id_of(slug: str) -> str:
    """The property_id that a slug computes to."""
    return property_id_of(f"/en/home/{slug}")


def newcomer_id_of(slug: str, public_id: str) -> str:
    """The property_id of a listing that is found under a slug which another one had."""
    named = f"{SITE}/en/home/{slug}#{public_id}"
    return f"pincali_{hashlib.md5(named.encode(), usedforsecurity=False).hexdigest()[:16]}"


def offer(
    operation: Operation,
    amount: Decimal | float | str | None,
    currency: Currency = MXN,
    **terms: bool,
) -> Offer:
    exact = None if amount is None else Decimal(str(amount))
    return Offer(operation=operation, amount=exact, currency=currency, **terms)


def sale(amount: Decimal | float | str | None, currency: Currency = MXN, **terms: bool) -> Offer:
    return offer(Operation.SALE, amount, currency, **terms)


def rent(amount: Decimal | float | str | None, currency: Currency = MXN, **terms: bool) -> Offer:
    return offer(Operation.RENT, amount, currency, **terms)


def entry(slug: str, *offers: Offer, public_id: str | None = None, **fields: Any) -> ManifestEntry:
    """A card; for sale at two million unless offers are given."""
    offers = offers or (sale(2_000_000),)
    values: dict[str, Any] = {
        "property_id": id_of(slug),
        "source_url": canonical_url(f"/en/home/{slug}"),
        "public_id": public_id,
        "offers": offers,
        "listing_page_title": f"House {slug}",
        "latitude": 20.5,
        "longitude": -103.25,
        "exact_location": True,
    }
    return ManifestEntry(**{**values, **fields})


def page(
    *entries: ManifestEntry, source: str = "sale", number: int = 1, total: int | None = 100
) -> ManifestPage:
    """A listing page as a scan read it."""
    return ManifestPage(
        url=f"{SITE}/en/properties/{source}?page={number}",
        source=source,
        page_number=number,
        page=ListingPage(total_listings=total, total_pages=10, next_page=None, entries=entries),
    )


def detail(slug: str, *offers: Offer, **fields: Any) -> Property:
    """A detail page; for sale at two million unless offers are given."""
    offers = offers or (sale(2_000_000),)
    main = main_offer(offers)
    assert main is not None
    values: dict[str, Any] = {
        "property_id": id_of(slug),
        "source_url": canonical_url(f"/en/home/{slug}"),
        "title": f"House {slug}",
        "operation_type": main.operation.value,
        "price": main.amount,
        "currency": main.currency.value,
        "offers": offers,
    }
    return Property(**{**values, **fields})


async def rows(db: Database, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    """Runs a statement and returns its rows, if it has any."""
    async with db.transaction() as tx:
        result = await tx.connection.execute(text(statement), parameters)
        return [dict(row) for row in result.mappings()] if result.returns_rows else []


async def value(db: Database, statement: str, **parameters: Any) -> Any:
    """The first column of the only row."""
    [row] = await rows(db, statement, **parameters)
    return next(iter(row.values()))


async def add_live(db: Database, slug: str, **columns: Any) -> None:
    """A live row that no scan has met, as an adopter's are."""
    await add_all_live(db, {slug: columns})


async def add_all_live(db: Database, columns: Mapping[str, Mapping[str, Any]]) -> None:
    """Such rows by slug, all with the same columns."""
    given = [
        {
            "property_id": id_of(slug),
            "title": f"House {slug}",
            "source_url": canonical_url(f"/en/home/{slug}"),
            "operation_type": "sale",
            "status": OLDER_STATUS.get(of_slug.get("listing_status", "active"), "inactive"),
            **of_slug,
        }
        for slug, of_slug in columns.items()
    ]
    names, values = ", ".join(given[0]), ", ".join(f":{name}" for name in given[0])
    async with db.transaction() as tx:
        await tx.connection.execute(
            text(f"INSERT INTO properties_live ({names}) VALUES ({values})"), given
        )


_LEASE = {
    "claimed_at": datetime(2026, 1, 1, tzinfo=UTC),
    "worker_id": "somebody",
    "lease_token": UUID(int=1),
    "lease_expires_at": datetime(2100, 1, 1, tzinfo=UTC),
}


async def add_queued(db: Database, slug: str, clock: Clock, **columns: Any) -> None:
    """A pending queue row."""
    given = {
        "property_id": id_of(slug),
        "source_url": canonical_url(f"/en/home/{slug}"),
        "priority": 1,
        "queue_reason": "new_property",
        "queued_at": clock.now(),
        "available_at": clock.now(),
        **(_LEASE if columns.get("status") == "in_progress" else {}),
        **columns,
    }
    if given.get("status", "pending") not in {"pending", "in_progress"}:
        given.setdefault("completed_at", clock.now())
    names = ", ".join(given)
    await rows(
        db,
        f"INSERT INTO scrape_queue ({names}) VALUES ({', '.join(f':{n}' for n in given)})",
        **given,
    )


async def until_somebody_waits(db: Database, task: asyncio.Task[Any]) -> None:
    """Until a transaction waits for another's lock, or the task that should has ended."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    # PostgreSQL tells nobody who waits.
    while not (task.done() or await value(db, waiting)):  # noqa: ASYNC110
        await asyncio.sleep(0)


@dataclass(kw_only=True)
class Workshop:
    """The services that write, on one database, and short ways to what they wrote."""

    db: Database
    clock: Clock
    max_pending: int = 10_000
    store_agent_data: bool = True
    rules: tuple[ValidationRule, ...] = ()
    token: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        config = load_config(
            pincali_base_url=SITE,
            queue_lease_seconds=LEASE.total_seconds(),
            queue_max_attempts=MAX_ATTEMPTS,
            queue_retry_seconds=RETRY_AFTER.total_seconds(),
            store_agent_data=self.store_agent_data,
        ).model_copy(update={"queue_max_pending": self.max_pending})
        own = (self.db, self.clock, config)
        self.jobs = JobService(*own)
        run_job = LocalJobRunner(config).run
        local = LocalJobs(*own, pauses=PauseService(*own), run_job=run_job)
        self.scans = ManifestScanService(*own, local=local)
        self.queue = ScrapeQueueService(*own)
        self.sync = DataSyncService(*own)

    async def begin(self, spider: str = "manifest") -> JobTicket:
        """A job started by hand."""
        return await self.jobs.begin(uuid4(), spider=spider, source=None)

    async def scan(
        self, *pages: ManifestPage | ManifestEntry, ticket: JobTicket | None = None
    ) -> BatchCounts:
        """Records pages (bare cards are put on page 1 of the sales) as one batch."""
        loose = [each for each in pages if isinstance(each, ManifestEntry)]
        whole = [each for each in pages if isinstance(each, ManifestPage)]
        batch = [*whole, *([page(*loose)] if loose else [])]
        return await self.scans.upsert_manifest_entries(batch, ticket or await self.begin())

    async def claim(self, size: int = 10) -> list[QueuedProperty]:
        """Leases rows under the workshop's token."""
        return await self.queue.claim_next_batch(size, "worker-1", lease_token=self.token)

    async def save(self, *results: ScrapeResult, ticket: JobTicket | None = None) -> SavedBatch:
        """Saves what came of leased rows."""
        return await self.sync.save_results(
            results,
            ticket=ticket or await self.begin("detail"),
            lease_token=self.token,
            rules=self.rules,
        )

    async def visit(self, scraped: Property, *, ticket: JobTicket | None = None) -> SavedBatch:
        """Queues, leases and saves one detail page, whatever else is queued."""
        await rows(
            self.db,
            """INSERT INTO scrape_queue (property_id, source_url, priority, queued_at, available_at)
               VALUES (:id, :url, 1, :now, :now) ON CONFLICT DO NOTHING""",
            id=scraped.property_id,
            url=scraped.source_url,
            now=self.clock.now(),
        )
        queued = {each.property_id: each for each in await self.claim(1_000)}
        result = ScrapeResult(queued=queued[scraped.property_id], scraped=scraped)
        saved = await self.save(result, ticket=ticket)
        await self.release()
        return saved

    async def release(self) -> int:
        """Gives back what was leased."""
        return await self.db.run(lambda tx: tx.queue.release(self.token))

    async def retry(self, slug: str | None = None) -> int:
        """Gives what was set aside a new start."""
        property_id = None if slug is None else id_of(slug)
        return await self.db.run(lambda tx: tx.queue_rows.retry(property_id, now=self.clock.now()))

    async def cancel(self, slug: str) -> int:
        """Takes a record's rows out of the queue."""
        return await self.db.run(
            lambda tx: tx.queue_rows.cancel(id_of(slug), reason="not wanted", now=self.clock.now())
        )

    async def live(self, slug: str) -> dict[str, Any]:
        """The live row of a slug's record."""
        [row] = await self._of("properties_live", slug)
        return row

    async def manifest(self, slug: str) -> dict[str, Any]:
        """The manifest row of a slug's record."""
        [row] = await self._of("property_manifest", slug)
        return row

    async def queued(self, slug: str) -> list[dict[str, Any]]:
        """The queue rows of a slug's record, the oldest first."""
        return await self._of("scrape_queue", slug, order="queued_at, id")

    async def journal(self, slug: str) -> list[dict[str, Any]]:
        """The journal of a slug's record, the oldest first."""
        return await self._of("property_changes", slug, order="created_at, id")

    async def _of(self, table: str, slug: str, *, order: str = "id") -> list[dict[str, Any]]:
        statement = f"SELECT * FROM {table} WHERE property_id = :id ORDER BY {order}"
        return await rows(self.db, statement, id=id_of(slug))


async def seen_at(db: Database, property_id: str) -> datetime:
    """When anything listed a record last, as `explain` tells it."""
    async with db.transaction() as tx:
        record = await tx.dossier.manifest(property_id)
    assert record is not None
    found: datetime = record["last_seen_at"]
    return found
