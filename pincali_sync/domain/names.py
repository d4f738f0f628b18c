"""Names of the program in the words of those who read them."""

from __future__ import annotations

from functools import cache

from pincali_sync.domain.tiers import Tier
from pincali_sync.language import N_, _, current, speaking

# Each group is one text for the catalogue: a word is not translated without its kind.
_GROUPS = (
    # states of runs, jobs, batches, rows of the queue, and what is decided
    N_(
        "running | completed | failed | cancelled | held | open | joined | applied | rejected | "
        "pending | in progress | scheduled | finished | lost | accepted | confirmed | processed | "
        "critical | warning"
    ),
    # states of listings and verdicts on them
    N_(
        "active | likely removed | confirmed removed | sold | relisted | alive | gone | unknown | "
        "off the market | unsettled | not looked at"
    ),
    # what is known of a listing as of a time
    N_("presence | details"),
    # how bad it is, in four letters
    N_("ok | warn | bad"),
    # what has an id
    N_("run | job | batch | review | candidate"),
    # why a page is queued
    N_(
        "new property | price change | stale data | random sample | verification | removal audit | "
        "another try"
    ),
    # the lists of the site, and what is offered
    N_("sale | rent | foreclosure | new construction | sitemap"),
    # what the journal calls a change
    N_("created | updated | removed | reactivated | new | unchanged | merged"),
    # what could not be done
    N_("http error | detail http error | detail error | database error"),
    # what a run, or a first sync, will take and change
    N_(
        "listings | live already | cards on a page | listing pages | hours of listing pages | "
        "detail pages | days of detail pages"
    ),
    N_(
        "tier | pages read | pages lost | properties seen | new properties | price changes | "
        "would queue | missing | stale"
    ),
    # the columns of what is told of a record
    N_(
        "change type | field name | old value | new value | change reason | created at | "
        "queue reason | queued at | completed at | attempt count | last error | checked at | "
        "http status | evidence | applied at | pages read | distinct properties | total at end | "
        "reasons | first listed at | listed at | is dropped | old price | new price | settled by | "
        "seen at | part | page number | session id | alias | certified | source | verdict | "
        "priority"
    ),
    # the columns of a record
    N_(
        "address | age years | agency name | agent email | agent name | agent phone | amenities | "
        "bathrooms | bedrooms | city | construction year | covered area m² | currency | "
        "description | features | floor number | gps coordinates | half bathrooms | image URLs | "
        "is featured | is premium | latitude | listing date | listing status | longitude | "
        "lot size m² | main image URL | message URL | neighborhood | offers | operation type | "
        "parking spaces | postal code | price | price per m² | price unit | property id | "
        "property type | EasyBroker id | source URL | state | status | title | title original | "
        "total area m² | total floors | video URL | virtual tour URL"
    ),
)
_TIERS = {
    Tier.HOT_LISTINGS: N_("Tier 1: Hot listings"),
    Tier.DAILY_SYNC: N_("Tier 2: Daily sync"),
    Tier.WEEKLY_DEEP: N_("Tier 3: Weekly deep scan"),
    Tier.MONTHLY_REFRESH: N_("Tier 4: Monthly refresh"),
}
_STEPS = {
    "scan": N_("reading listing pages"),
    "certify": N_("adding up the scan"),
    "removals": N_("counting what is missing"),
    "verify": N_("looking at the pages of missing listings"),
    "apply": N_("taking out what is gone"),
    "queue": N_("queueing detail pages"),
    "refresh": N_("choosing what to refresh"),
    "drain": N_("fetching detail pages"),
    "report": N_("writing the report"),
    "done": N_("done"),
}


def words(name: str) -> str:
    """A name of the program in words: "price_change" as "price change"."""
    said = "EasyBroker id" if name == "public_id" else name.replace("_", " ")
    for short, long in ((" m2", " m²"), (" url", " URL")):
        said = said.replace(short, long)
    return _names(current()).get(said, said)


def tier_name(tier: Tier) -> str:
    """A tier with its number: "Tier 2: Daily sync"."""
    return _(_TIERS[tier])


def step_name(step: str) -> str:
    """What a run is doing: "drain" as "fetching detail pages"."""
    return _(_STEPS[step]) if step in _STEPS else step


@cache
def _names(language: str) -> dict[str, str]:
    """From English."""
    with speaking(language):
        return {
            one: other
            for group in _GROUPS
            for one, other in zip(group.split(" | "), _(group).split(" | "), strict=True)
        }
