"""The rule for a price change, as SQL: the only place where production compares prices.

`price_reviews`: unusual prices that wait for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.scrapes import PRICED
from pincali_sync.domain.prices import CHANGE_AMOUNT, CHANGE_SHARE, UNUSUAL_SHARE

# What a card's offer is compared with, of the live row `l`: its price, and what the card said
# when it was last flagged.
LIVE_OFFER = """CASE WHEN l.operation_type IN ('rent', 'for rent') THEN 'rent'
                ELSE 'sale' END AS live_operation,
           l.price AS live_amount, coalesce(l.currency, 'MXN') AS live_currency,
           l.price_unit AS live_unit,
           l.price_at_last_manifest AS last_amount, l.currency_at_last_manifest AS last_currency,
           l.unit_at_last_manifest AS last_unit"""


def _kind_against(reference: str) -> str:
    """How the card's offer differs from a reference (columns <reference>_amount, ...)."""
    return f"""CASE
        WHEN o.amount IS NULL AND o.{reference}_amount IS NULL THEN NULL
        WHEN o.currency <> o.{reference}_currency THEN 'currency'
        WHEN o.unit <> o.{reference}_unit THEN 'unit'
        WHEN (o.amount IS NULL) <> (o.{reference}_amount IS NULL) THEN 'amount'
        WHEN abs(o.amount - o.{reference}_amount)
             > least({CHANGE_SHARE} * abs(o.{reference}_amount), {CHANGE_AMOUNT}) THEN 'amount'
    END"""


# Against the live price *and* against the card's price when it was last flagged: a card that
# always differs from its own detail page is not scraped for ever, and a price that creeps in
# small steps is still noticed. An operation that vanished from the card is a change once.
PRICE_CHANGE_KIND = f"""CASE
    WHEN NOT o.is_live OR o.operation IS NULL THEN NULL
    WHEN o.operation <> o.live_operation THEN
        CASE WHEN o.manifest_operation IS DISTINCT FROM o.operation THEN 'operation' END
    WHEN o.last_currency IS NULL OR ({_kind_against("last")}) IS NOT NULL
        THEN {_kind_against("live")}
END"""


def _is_unusual(new: str, old: str) -> str:
    """Whether an amount differs so much that a person should look."""
    return f"abs({new} - {old}) > {UNUSUAL_SHARE} * abs({old})"


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


_RESTORED = sorted(PRICED)

_IS_LIKE = "(s.operation_type, s.currency, s.price_unit) = (r.operation, r.currency, r.price_unit)"
# Once the site has shown another price, a rejected one is news again. A page without tells nothing.
_LIFT = """
UPDATE price_reviews r SET lifted_at = CAST(:now AS timestamptz)
  FROM scraped s
 WHERE r.property_id = s.property_id AND r.status = 'rejected' AND r.lifted_at IS NULL
   AND s.accepted AND s.price IS NOT NULL AND s.offers <> '[]'::jsonb
   AND (r.new_price, r.operation, r.currency, r.price_unit)
       <> (s.price, s.operation_type, s.currency, s.price_unit)
"""
# A person said that this price is wrong: while the site shows it, the live price stays. A page
# without offers keeps what is live.
_KEEP_REJECTED = """
UPDATE scraped s SET offers = '[]'::jsonb
  FROM price_reviews r
 WHERE r.property_id = s.property_id AND r.status = 'rejected' AND r.lifted_at IS NULL
   AND (r.new_price, r.operation, r.currency, r.price_unit)
       = (s.price, s.operation_type, s.currency, s.price_unit)
"""
# Like with like, against the live price; an adopted row's first visit is a repair and no news.
_OPEN = f"""
INSERT INTO price_reviews
       (property_id, session_id, operation, currency, price_unit, old_price, new_price,
        old_values, created_at)
SELECT s.property_id, CAST(:session_id AS uuid), s.operation_type, s.currency, s.price_unit,
       l.price, s.price,
       jsonb_build_object({", ".join(f"'{each}', l.{each}" for each in _RESTORED)}),
       CAST(:now AS timestamptz)
  FROM scraped s JOIN properties_live l ON l.property_id = s.property_id
 WHERE s.accepted AND s.offers <> '[]'::jsonb AND l.visits > 0
   AND (s.operation_type, s.currency, s.price_unit)
       = (l.operation_type, l.currency, l.price_unit)
   AND {_is_unusual("s.price", "l.price")}
 ORDER BY s.property_id
ON CONFLICT (property_id) WHERE status = 'open' DO NOTHING
"""
_STAYS_OPEN = f"{_IS_LIKE} AND {_is_unusual('s.price', 'r.old_price')}"
# An open review follows the site: another price now, or none to wonder about any more.
_FOLLOW = f"""
UPDATE price_reviews r
   SET new_price = CASE WHEN {_IS_LIKE} THEN s.price ELSE r.new_price END,
       status = CASE WHEN {_STAYS_OPEN} THEN 'open' ELSE 'superseded' END,
       settled_at = CASE WHEN {_STAYS_OPEN} THEN NULL ELSE CAST(:now AS timestamptz) END
  FROM scraped s
 WHERE r.property_id = s.property_id AND r.status = 'open' AND s.accepted
   AND s.price IS NOT NULL AND s.offers <> '[]'::jsonb
"""
# The live row says so too, for whoever reads it.
_FLAG = """
UPDATE scraped s SET verification_status = 'flagged'
  FROM price_reviews r WHERE r.property_id = s.property_id AND r.status = 'open'
"""
_REVIEWS = """
SELECT r.id, r.property_id, r.operation, r.currency, r.price_unit, r.old_price, r.new_price,
       r.status, r.created_at, r.settled_at, r.settled_by, l.title, l.source_url
  FROM price_reviews r LEFT JOIN properties_live l ON l.property_id = r.property_id"""
_SETTLE = """
UPDATE price_reviews SET status = :status, settled_at = :now, settled_by = :settled_by
 WHERE id = :id AND status = 'open'
   AND (CAST(:seen AS numeric) IS NULL OR new_price = CAST(:seen AS numeric))
RETURNING property_id
"""
_UNFLAG = """
UPDATE properties_live SET verification_status = 'verified'
 WHERE property_id = :property_id AND verification_status = 'flagged'
"""
_RESTORE = f"""
WITH restored AS (
    UPDATE properties_live l
       SET {", ".join(f"{each} = old.{each}" for each in _RESTORED)},
           verification_status = 'verified', last_updated_at = :now
      FROM price_reviews r
     CROSS JOIN LATERAL jsonb_populate_record(NULL::properties_live, r.old_values) old
     WHERE r.id = :id AND l.property_id = r.property_id
    RETURNING l.property_id, r.new_price, r.old_price
)
INSERT INTO property_changes
       (property_id, change_type, field_name, old_value, new_value, change_reason, created_at)
SELECT property_id, 'updated', 'price', to_jsonb(new_price), to_jsonb(old_price),
       'price rejected by ' || :settled_by, :now
  FROM restored
"""


class ReviewRepository(Repository):
    """SQL of price reviews."""

    async def look_at_prices(self, *, session_id: UUID, now: datetime) -> None:
        """Before the `scraped` pages go live: takes prices out that a person rejected, and opens
        reviews of unusual ones."""
        for statement in (_LIFT, _KEEP_REJECTED, _OPEN, _FOLLOW, _FLAG):
            await self._run(statement, session_id=session_id, now=now)

    async def open_reviews(self, limit: int = 100) -> list[PriceReview]:
        """Those that wait, the oldest first."""
        return await self._all(
            PriceReview,
            f"{_REVIEWS} WHERE r.status = 'open' ORDER BY r.created_at, r.property_id LIMIT :limit",
            limit=limit,
        )

    async def get(self, review_id: UUID) -> PriceReview | None:
        """One review by its id."""
        return await self._first(PriceReview, f"{_REVIEWS} WHERE r.id = :id", id=review_id)

    async def of_property(self, property_id: str, *, limit: int) -> list[PriceReview]:
        """A record's reviews, the latest first."""
        return await self._all(
            PriceReview,
            f"""{_REVIEWS} WHERE r.property_id = :property_id
                ORDER BY r.created_at DESC LIMIT :limit""",
            property_id=property_id,
            limit=limit,
        )

    async def settle(
        self,
        review_id: UUID,
        *,
        accept: bool,
        settled_by: str,
        now: datetime,
        seen: Decimal | None = None,
    ) -> bool:
        """Accepts the new price, or puts the old one back; False when it is not open, or the new
        price is another than the one that was seen."""
        given = {"id": review_id, "settled_by": settled_by, "now": now}
        status = "accepted" if accept else "rejected"
        property_id = await self._scalar(_SETTLE, status=status, seen=seen, **given)
        if property_id is not None:
            await self._run(_UNFLAG if accept else _RESTORE, property_id=property_id, **given)
        return property_id is not None
