"""The rule for a price change, as SQL: the only place where production compares prices.

`price_reviews`: unusual prices that wait for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.merged import PRICED, price_per_m2
from pincali_sync.domain.prices import CHANGE_AMOUNT, CHANGE_SHARE, UNUSUAL_SHARE

# What a card's offer is compared with, of the live row `l`: its price, and what the card is known
# to say, as it did when it was last flagged.
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


# Against the live price *and* against what the card is known to say: a card that always differs
# from its own detail page is not scraped for ever, and a price that creeps in small steps is still
# noticed. An operation that vanished from the card is a change once.
PRICE_CHANGE_KIND = f"""CASE
    WHEN NOT o.is_live OR o.operation IS NULL THEN NULL
    WHEN o.operation <> o.live_operation THEN
        CASE WHEN o.manifest_operation IS DISTINCT FROM o.operation THEN 'operation' END
    WHEN o.last_currency IS NULL OR ({_kind_against("last")}) IS NOT NULL
        THEN {_kind_against("live")}
END"""
# A card that says what its page does is known by that from now on: what it said before is news when
# it comes back.
PRICE_IS_SETTLED = f"""(o.is_live AND o.operation = o.live_operation
    AND o.last_currency IS NOT NULL AND ({_kind_against("last")}) IS NOT NULL
    AND ({_kind_against("live")}) IS NULL) IS TRUE"""
# What a card is known to say after a visit, of the page `s` and the manifest's row `m`, before the
# live row follows the page. One that agreed with the page is expected to follow it, too: if it does
# not, the price may have come back. One that differed goes on as it was.
KNOWN_AFTER_VISIT = f"""
SELECT CASE WHEN c.agreed THEN s.price ELSE c.amount END AS price,
       CASE WHEN c.agreed THEN s.currency ELSE c.currency END AS currency,
       CASE WHEN c.agreed THEN s.price_unit ELSE c.unit END AS unit
  FROM (SELECT o.*, (s.offers <> '[]'::jsonb AND o.operation = o.live_operation
                     AND ({_kind_against("live")}) IS NULL) IS TRUE AS agreed
          FROM (SELECT m.operation_type AS operation, m.listing_page_price AS amount, m.currency,
                       m.price_unit AS unit, {LIVE_OFFER}
                  FROM (SELECT) one
                  LEFT JOIN properties_live l ON l.property_id = s.property_id) o) c"""


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


_IS_LIKE = "(s.operation_type, s.currency, s.price_unit) = (r.operation, r.currency, r.price_unit)"


def _offer_of(offers: str) -> str:
    """The offer of the review's operation among these."""
    return f"""(SELECT each FROM jsonb_array_elements({offers}) each
                 WHERE each->>'operation' = r.operation LIMIT 1)"""


def _with_offer(offers: str, offer: str) -> str:
    """These offers with another one in the place of the review's operation."""
    return f"""(SELECT coalesce(jsonb_agg(
                       CASE WHEN each->>'operation' = r.operation THEN {offer} ELSE each END
                       ORDER BY place), '[]')
                  FROM jsonb_array_elements({offers}) WITH ORDINALITY AS one (each, place))"""


# Of an adopted row nothing but the price may be known.
_OLD_OFFER = f"""coalesce({_offer_of("r.old_values->'offers'")}, jsonb_build_object(
    'operation', r.operation, 'amount', r.old_price::text, 'currency', r.currency,
    'per_m2', r.price_unit = 'm2', 'starting_at', false))"""
# Once the site has told another price, or that there is none now, a rejected one is news again. A
# page without offers tells nothing.
_LIFT = """
UPDATE price_reviews r SET lifted_at = CAST(:now AS timestamptz)
  FROM scraped s
 WHERE r.property_id = s.property_id AND r.status = 'rejected' AND r.lifted_at IS NULL
   AND s.accepted AND s.offers <> '[]'::jsonb
   AND (r.new_price, r.operation, r.currency, r.price_unit)
       IS DISTINCT FROM (s.price, s.operation_type, s.currency, s.price_unit)
"""
# A person said that this price is wrong: while the site shows it, the live offer stays. The offer
# of the other operation is as the page shows it.
_KEEP_REJECTED = f"""
UPDATE scraped s
   SET offers = {_with_offer("s.offers", "kept.offer")}, rejected_price = s.price,
       price = CAST(kept.offer->>'amount' AS numeric), currency = kept.offer->>'currency',
       price_unit = CASE WHEN CAST(kept.offer->>'per_m2' AS boolean) THEN 'm2' ELSE 'total' END
  FROM price_reviews r JOIN properties_live l ON l.property_id = r.property_id
 CROSS JOIN LATERAL (SELECT coalesce({_offer_of("l.offers")}, {_OLD_OFFER}) AS offer) kept
 WHERE r.property_id = s.property_id AND r.status = 'rejected' AND r.lifted_at IS NULL
   AND (r.new_price, r.operation, r.currency, r.price_unit)
       = (s.price, s.operation_type, s.currency, s.price_unit)
"""
# What a price is compared with that was on request until now: the last one of its kind; of one
# that went while it waited for a person, the one before.
_LAST_LIKE = f"""
       SELECT coalesce(doubted.old_price, last.amount) AS price
         FROM (SELECT CAST(each->>'amount' AS numeric) AS amount
                 FROM property_changes c
                CROSS JOIN LATERAL (SELECT to_jsonb(c.old_value) AS offers) old
                CROSS JOIN LATERAL jsonb_array_elements(
                      CASE jsonb_typeof(old.offers) WHEN 'array' THEN old.offers END) each
                WHERE l.price IS NULL AND c.property_id = s.property_id
                  AND c.field_name = 'offers' AND each->>'amount' IS NOT NULL
                  AND (each->>'operation', each->>'currency', each->>'per_m2')
                      = (s.operation_type, s.currency, CAST(s.price_unit = 'm2' AS text))
                ORDER BY c.created_at DESC, c.feed_position DESC NULLS FIRST LIMIT 1) last
         LEFT JOIN LATERAL (
              SELECT r.old_price FROM price_reviews r
               WHERE r.property_id = s.property_id AND r.status = 'superseded' AND {_IS_LIKE}
                 AND r.new_price = last.amount AND {_is_unusual("r.new_price", "r.old_price")}
               ORDER BY r.created_at DESC LIMIT 1) doubted ON true"""
# Like with like; an adopted row's first visit is a repair and no news.
_OPEN = f"""
INSERT INTO price_reviews
       (property_id, session_id, operation, currency, price_unit, old_price, new_price,
        old_values, created_at)
SELECT s.property_id, CAST(:session_id AS uuid), s.operation_type, s.currency, s.price_unit,
       was.price, s.price,
       jsonb_build_object({", ".join(f"'{each}', l.{each}" for each in sorted(PRICED))}),
       CAST(:now AS timestamptz)
  FROM scraped s JOIN properties_live l ON l.property_id = s.property_id
  LEFT JOIN LATERAL ({_LAST_LIKE}) last_like ON true
 CROSS JOIN LATERAL (
       SELECT CASE WHEN l.price IS NULL THEN last_like.price
                   WHEN (s.operation_type, s.currency, s.price_unit)
                        = (l.operation_type, l.currency, l.price_unit) THEN l.price
              END AS price) was
 WHERE s.accepted AND s.offers <> '[]'::jsonb AND l.visits > 0
   AND {_is_unusual("s.price", "was.price")}
 ORDER BY s.property_id
ON CONFLICT (property_id) WHERE status = 'open' DO NOTHING
"""
_STAYS_OPEN = f"{_IS_LIKE} AND {_is_unusual('s.price', 'r.old_price')}"
# An open review follows the site: another price now, or none to wonder about any more, as when the
# page tells that it is on request.
_FOLLOW = f"""
UPDATE price_reviews r
   SET new_price = CASE WHEN {_IS_LIKE} THEN coalesce(s.price, r.new_price)
                        ELSE r.new_price END,
       status = CASE WHEN {_STAYS_OPEN} THEN 'open' ELSE 'superseded' END,
       settled_at = CASE WHEN {_STAYS_OPEN} THEN NULL ELSE CAST(:now AS timestamptz) END
  FROM scraped s
 WHERE r.property_id = s.property_id AND r.status = 'open' AND s.accepted
   AND s.offers <> '[]'::jsonb
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
UPDATE properties_live SET verification_status = 'verified', last_updated_at = :now
 WHERE property_id = :property_id AND verification_status = 'flagged'
"""
_PUT_BACK = ("offers", "price", "price_per_m2")
# The rejected offer alone, where it is the live one still; what derives from it is worked out anew.
_RESTORE = f"""
WITH put AS MATERIALIZED (
    SELECT l.property_id, {", ".join(f"l.{each} AS {each}_before" for each in _PUT_BACK)},
           shown.offers, shown.price, {price_per_m2("shown", "old")} AS price_per_m2
      FROM price_reviews r JOIN properties_live l ON l.property_id = r.property_id
     CROSS JOIN LATERAL jsonb_populate_record(NULL::properties_live, r.old_values) old
     CROSS JOIN LATERAL (SELECT {_OLD_OFFER} AS offer) again
     CROSS JOIN LATERAL (
           SELECT {_with_offer("l.offers", "again.offer")} AS offers,
                  CAST(again.offer->>'amount' AS numeric(15, 2)) AS price,
                  l.currency, l.price_unit, l.total_area_m2) shown
     WHERE r.id = :id AND (l.operation_type, l.currency, l.price_unit, l.price)
                          = (r.operation, r.currency, r.price_unit, r.new_price)
       FOR UPDATE OF l
), restored AS (
    UPDATE properties_live l
       SET {", ".join(f"{each} = put.{each}" for each in _PUT_BACK)}, last_updated_at = :now
      FROM put WHERE l.property_id = put.property_id
)
INSERT INTO property_changes
       (property_id, change_type, field_name, old_value, new_value, change_reason, created_at)
SELECT property_id, 'updated', field, old_value, new_value,
       'price rejected by ' || :settled_by, :now
  FROM put
 CROSS JOIN LATERAL (VALUES {
    ", ".join(f"('{each}', to_jsonb({each}_before), to_jsonb({each}))" for each in _PUT_BACK)
}) AS change (field, old_value, new_value)
 WHERE old_value IS DISTINCT FROM new_value
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
        """Accepts the new price, or puts the old offer back; False when it is not open, or the new
        price is another than the one that was seen."""
        given = {"id": review_id, "settled_by": settled_by, "now": now}
        status = "accepted" if accept else "rejected"
        property_id = await self._scalar(_SETTLE, status=status, seen=seen, **given)
        if property_id is not None:
            await self._run(_UNFLAG, property_id=property_id, now=now)
            if not accept:
                await self._run(_RESTORE, **given)
        return property_id is not None
