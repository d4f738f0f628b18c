"""The rule for a price change, as an SQL expression.

The same rule as `domain.prices.compare_offers`; a test holds the two together.
"""

from __future__ import annotations


def _kind_against(reference: str) -> str:
    """How the card's offer differs from a reference (columns <reference>_amount, ...)."""
    return f"""CASE
        WHEN o.amount IS NULL AND o.{reference}_amount IS NULL THEN NULL
        WHEN o.currency <> o.{reference}_currency THEN 'currency'
        WHEN o.unit <> o.{reference}_unit THEN 'unit'
        WHEN (o.amount IS NULL) <> (o.{reference}_amount IS NULL) THEN 'amount'
        WHEN abs(o.amount - o.{reference}_amount)
             > least(0.01 * abs(o.{reference}_amount), 1000) THEN 'amount'
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
