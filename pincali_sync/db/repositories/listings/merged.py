"""What a live row gets when a page of it comes, as SQL."""

from __future__ import annotations

from pincali_sync.items import EXPECTED_FIELDS

# Values of the price, which a page with offers settles even where it now shows none ("on
# request"). Every other value that a page stopped showing is kept: an empty field is more often
# a selector that broke than news, and a live row must not be overwritten with nothing.
PRICED = {"operation_type", "price", "currency", "price_per_m2", "price_unit", "offers"}

# One statement of a page says both: when the second is told anew, the first is as told with it.
_TOLD_WITH = {
    "half_bathrooms": "bathrooms",
    "age_years": "construction_year",
    "construction_year": "age_years",
}
_MOST_PER_M2 = 10**8  # numeric(10,2)


def merged(column: str, page: str, live: str) -> str:
    """The value a live row gets: the page's, else its own; what derives from others, anew."""
    if column == "price_per_m2":
        return price_per_m2(page, live)
    if column == "data_completeness_score":
        shown = ", ".join(merged(each, page, live) for each in EXPECTED_FIELDS)
        has = f"round(num_nonnulls({shown})::numeric / {len(EXPECTED_FIELDS)}, 2)"
        # What is not stored by choice was shown all the same.
        return f"greatest({page}.{column}, {has})"
    if column in PRICED:
        keeps = f"{page}.offers = '[]'::jsonb"
    elif other := _TOLD_WITH.get(column):
        is_as_told = f"coalesce({page}.{other}, {live}.{other}) IS NOT DISTINCT FROM {live}.{other}"
        keeps = f"{page}.{column} IS NULL AND {is_as_told}"
    elif column == "verification_status":
        # A person's "verified" is not taken back by a scrape, unless its price waits for one.
        keeps = f"""{live}.{column} = 'verified' AND NOT EXISTS (
            SELECT FROM price_reviews r
             WHERE r.property_id = {live}.property_id AND r.status = 'open')"""
    else:
        return f"coalesce({page}.{column}, {live}.{column})"
    return f"CASE WHEN {keeps} THEN {live}.{column} ELSE {page}.{column} END"


def price_per_m2(page: str, live: str) -> str:
    """From the price and the area that the row gets, as `pages.detail_page` has it from a page's.

    Where they do not give it, it stands as long as the price does that it was told of.
    """
    names = ("price", "currency", "price_unit", "total_area_m2")
    price, currency, unit, area = (merged(each, page, live) for each in names)
    amount = f"CASE WHEN {unit} = 'm2' THEN {price} ELSE {price} / nullif({area}, 0) END"
    return f"""(
        SELECT CASE WHEN amount > 0 AND amount < {_MOST_PER_M2} THEN amount
                    WHEN amount IS NULL AND ({price}, {currency}, {unit})
                         IS NOT DISTINCT FROM ({live}.price, {live}.currency, {live}.price_unit)
                    THEN {live}.price_per_m2 END
          FROM (SELECT round({amount}, 2) AS amount) per_m2)"""
