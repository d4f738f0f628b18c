"""The rule for a price change, as SQL: the only place where production compares prices."""

from __future__ import annotations

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


def is_unusual(new: str, old: str) -> str:
    """Whether an amount differs so much that a person should look."""
    return f"abs({new} - {old}) > {UNUSUAL_SHARE} * abs({old})"
