"""Keeps book of what was true when, and holds the tables to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from pincali_sync.db.engine import Database
from pincali_sync.domain.listing_status import REMOVED, ListingStatus
from pincali_sync.domain.prices import CHANGE_AMOUNT, CHANGE_SHARE, main_offer
from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.simulation.findings import Findings
from pincali_workshop.standin.sitemap_dirt import LAG_DAYS
from pincali_workshop.standin.world.removal import RemovalMode, way_of
from pincali_workshop.standin.world.state import ListingState

LAG = timedelta(days=LAG_DAYS)  # the sitemap lists what is gone, and that counts as seen

_LIKELY = ListingStatus.LIKELY_REMOVED


class Ledger:
    """Compares the database with the site at moments at which they should agree."""

    def __init__(self, db: Database, page_size: int, seed: int, findings: Findings) -> None:
        self._db = db
        self._page_size = page_size
        self._seed = seed
        self.findings = findings
        self._seen_active: dict[str, datetime] = {}  # public_id -> last moment it was active
        self._first_active: dict[str, datetime] = {}
        self._weekly_scans: list[datetime] = []
        self._removed_once: set[str] = set()
        self._prices_checked_until: datetime | None = None

    def note_truth(self, listings: Sequence[ListingState], now: datetime) -> None:
        """Remembers who is active now."""
        for listing in (state.listing for state in listings):
            self._seen_active[listing.public_id] = now
            self._first_active.setdefault(listing.public_id, now)

    async def after_tier_1(
        self, listings: Sequence[ListingState], pages: int, since: datetime
    ) -> None:
        """Every newcomer that the first pages show must be live now."""
        shown = _on_first_pages(listings, pages * self._page_size)
        newcomers = {each for each in shown if self._first_active[each] > since}
        live = await self._live()
        self.findings.new_shown += len(newcomers)
        waiting = await self._waiting()
        for public_id in sorted(newcomers - live.keys()):
            known = public_id in waiting
            kept = self.findings.new_waiting if known else self.findings.new_not_live
            kept.append(public_id)

    async def _waiting(self) -> set[str]:
        """Newcomers that are known by name, and whose pages were asked for in vain."""
        rows = await self._rows(
            """SELECT DISTINCT m.public_id
                 FROM property_manifest m JOIN scrape_queue q USING (property_id)
                WHERE q.attempt_count > 0 AND q.status IN ('pending', 'failed')"""
        )
        return {row["public_id"] for row in rows}

    async def after_full_read(
        self, listings: Sequence[ListingState], session_id: UUID | None, now: datetime
    ) -> None:
        """Every price on a page that was read must be right now, and none may be made up."""
        live, read = await self._live(), await self._read_in(session_id)
        for state in listings:
            listing, row = state.listing, live.get(state.listing.public_id)
            if row is None or listing.public_id not in read:
                continue
            self.findings.prices_compared += 1
            if not _same_price(row, state):
                waiting = row["is_asked_for"]
                kept = self.findings.prices_waiting if waiting else self.findings.prices_missed
                kept.append(listing.public_id)
            if listing.public_id in self._removed_once:
                self._removed_once.discard(listing.public_id)
                self.findings.returned += 1
                if _is_removed(row):
                    self.findings.return_not_noticed.append(listing.public_id)
        await self._check_inventions(now)

    async def after_weekly_scan(
        self, listings: Sequence[ListingState], session_id: UUID | None, now: datetime
    ) -> None:
        """Who is gone for two scans that prove it must be known to be; a page that stays, later."""
        live, active = await self._live(), {state.listing.public_id for state in listings}
        self._removed_once |= {each for each, row in live.items() if _is_removed(row)}
        if not await self._proves_absence(session_id):
            return
        for public_id, row in live.items():
            if self._weekly_scans and public_id not in active and not self._stays(public_id):
                since = self._seen_active.get(public_id)
                if since is None or since < self._weekly_scans[-1] - LAG:
                    self.findings.gone_for_two_scans += 1
                    if not (_is_removed(row) or row["listing_status"] == _LIKELY):
                        self.findings.gone_not_noticed.append(public_id)
        self._weekly_scans.append(now)

    def _stays(self, public_id: str) -> bool:
        return way_of(self._seed, public_id) is RemovalMode.UNLISTED

    async def _proves_absence(self, session_id: UUID | None) -> bool:
        [row] = await self._rows(
            """SELECT coalesce(bool_and(proves_absence), false) AS proves FROM scan_certificates
                WHERE session_id = CAST(:session_id AS uuid)""",
            session_id=session_id,
        )
        return bool(row["proves"])

    async def note_queue(self) -> None:
        """The ceiling holds at every moment."""
        [row] = await self._rows("SELECT count(*) AS rows FROM scrape_queue WHERE status='pending'")
        self.findings.most_pending = max(self.findings.most_pending, row["rows"])

    async def _check_inventions(self, now: datetime) -> None:
        """A visit for a price change must have found one."""
        visits = await self._rows(
            """SELECT l.public_id, EXISTS (
                      SELECT 1 FROM property_changes c WHERE c.property_id = q.property_id
                         AND c.created_at >= q.queued_at
                         AND (c.field_name IN ('price', 'currency', 'price_unit', 'offers')
                              OR c.change_type = 'reactivated')) AS found
                 FROM scrape_queue q JOIN properties_live l USING (property_id)
                WHERE q.queue_reason = 'price_change' AND q.status = 'completed'
                  AND q.completed_at > :since AND q.completed_at <= :now""",
            since=self._prices_checked_until or datetime.min.replace(tzinfo=now.tzinfo),
            now=now,
        )
        self.findings.price_visits += len(visits)
        self.findings.prices_invented += [row["public_id"] for row in visits if not row["found"]]
        self._prices_checked_until = now

    async def _live(self) -> dict[str, dict[str, Any]]:
        rows = await self._rows(
            """SELECT public_id, listing_status, price, currency, price_unit, operation_type,
                      EXISTS (SELECT 1 FROM scrape_queue q
                               WHERE q.property_id = l.property_id
                                 AND q.queue_reason IN ('price_change', 'relisted', 'another_try')
                                 AND (q.status IN ('pending', 'in_progress')
                                   OR q.status = 'failed'
                                      AND q.completed_at > l.last_full_scrape_at)
                             ) AS is_asked_for
                 FROM properties_live l WHERE public_id IS NOT NULL"""
        )
        return {row["public_id"]: row for row in rows}

    async def _read_in(self, session_id: UUID | None) -> set[str]:
        rows = await self._rows(
            """SELECT DISTINCT m.public_id FROM property_sightings s
                 JOIN property_manifest m USING (property_id)
                WHERE s.session_id = CAST(:session_id AS uuid)""",
            session_id=session_id,
        )
        return {row["public_id"] for row in rows}

    async def _rows(self, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        async with self._db.transaction() as tx:
            result = await tx.connection.execute(text(statement), parameters)
            return [dict(row) for row in result.mappings()]


def _on_first_pages(listings: Sequence[ListingState], cards: int) -> set[str]:
    """The truth lists the last activated first, as the site's pages do."""
    shown: set[str] = set()
    for source in ListingSource:
        of_source = [state for state in listings if source in state.listing.sources]
        shown.update(state.listing.public_id for state in of_source[:cards])
    return shown


def _is_removed(row: Mapping[str, Any]) -> bool:
    return row["listing_status"] in REMOVED


def _same_price(row: Mapping[str, Any], state: ListingState) -> bool:
    """Whether the live price is within the threshold of the true one, like with like."""
    true = main_offer(state.offers)
    assert true is not None
    if true.amount is None or row["price"] is None:
        return true.amount is None and row["price"] is None
    if (row["currency"], row["price_unit"]) != (true.currency.value, true.unit):
        return False
    return bool(abs(true.amount - row["price"]) <= min(CHANGE_SHARE * row["price"], CHANGE_AMOUNT))
