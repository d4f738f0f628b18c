"""`price_reviews`: unusual prices that wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.prices import reviews_sql as sql


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReview:
    """A price that changed by more than half."""

    id: UUID
    property_id: str
    operation: str
    currency: str
    price_unit: str
    old_price: Decimal
    new_price: Decimal
    status: str  # open, accepted, rejected, superseded
    created_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    title: str | None
    source_url: str | None


class ReviewRepository(Repository):
    """SQL of price reviews."""

    async def keep_rejected_prices(self) -> None:
        """Takes prices that a person rejected out of the transaction's `scraped` pages."""
        await self._run(sql.KEEP_REJECTED)

    async def flag_unusual(self, *, session_id: UUID, now: datetime) -> None:
        """Opens reviews of unusual prices on the `scraped` pages, before they go live."""
        await self._run(sql.OPEN, session_id=session_id, now=now)
        await self._run(sql.FOLLOW, now=now)
        await self._run(sql.FLAG)

    async def open_reviews(self, *, limit: int) -> list[PriceReview]:
        """Those that wait, the oldest first."""
        return await self._list(sql.LIST, limit=limit)

    async def of_property(self, property_id: str, *, limit: int) -> list[PriceReview]:
        """A record's reviews, the latest first."""
        return await self._list(sql.OF_PROPERTY, property_id=property_id, limit=limit)

    async def settle(
        self, review_id: UUID, *, accept: bool, settled_by: str, now: datetime
    ) -> bool:
        """Accepts the new price, or puts the old one back; False when it is not open."""
        property_id = (await self._run(sql.LOCK, id=review_id)).scalar_one_or_none()
        if property_id is None:
            return False
        if accept:
            await self._run(sql.UNFLAG, property_id=property_id)
        else:
            await self._run(sql.RESTORE, id=review_id, settled_by=settled_by, now=now)
        await self._run(
            sql.SETTLE,
            id=review_id,
            status="accepted" if accept else "rejected",
            settled_by=settled_by,
            now=now,
        )
        return True

    async def _list(self, statement: str, **parameters: Any) -> list[PriceReview]:
        return await self._all(PriceReview, statement, **parameters)
