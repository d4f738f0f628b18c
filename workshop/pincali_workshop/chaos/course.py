"""What is played: runs of all four tiers, one after another, between which time passes.

On the site that is hours, in the tables a week: what happened is moved back, so that no run depends
on how long the one before it took. Within a run the site stands still: who takes longer, because
somebody was killed, sees the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from pincali_sync.domain.tiers import Tier
from pincali_workshop.standin.options import RemovalMode, StandinOptions
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.traps import Traps

_KILLS_A_RUN = 8
_VARIABLES: Mapping[str, str] = {
    # So slow that there is a middle to be killed in.
    "SITE_MIN_GAP_SECONDS": "0.1",
    "TIER_4_DETAIL_DELAY_SECONDS": "0.1",
    "RETRY_BACKOFF_SECONDS": "0.1",
    "TIER_1_PAGES": "1",
    # Only what is ordered runs: the first run of the course serves the slot of this tier.
    "TIERS_ENABLED": "1",
    "TIER_1_FREQUENCY_HOURS": "876000",
    # A page is set aside after its attempts, as it should be: here it is never the page's fault.
    "QUEUE_MAX_ATTEMPTS": "20",
    # All that is so old as tier 4 finds it is due at once, whatever day of the month it is.
    "MAX_AGE_DAYS": "35",
    "TIER_3_STALE_DAYS": "1000",
    "KEEP_QUEUE_DAYS": "1000",
    "KEEP_STAGING_DAYS": "1000",
    "KEEP_SIGHTINGS_DAYS": "1000",
    # Whom a sample draws, a random number of the month says.
    "TIER_4_SAMPLE_SHARE": "0",
}


def variables_for(silence: int, transport: str) -> Mapping[str, str]:
    """What the product is configured with.

    Args:
        silence: seconds without a sign of life after which others take over.
    """
    return {
        **_VARIABLES,
        "JOB_SILENCE_SECONDS": str(silence),
        "QUEUE_LEASE_SECONDS": str(silence),
        "DETAIL_TRANSPORT": transport,
    }


@dataclass(frozen=True, slots=True)
class Act:
    """One run."""

    tier: Tier
    hours: float = 0.0  # that pass on the site before it


SHORT = (Act(Tier.WEEKLY_DEEP), Act(Tier.HOT_LISTINGS, 12))
# Removals take two certified scans after the first, which sets the mark.
_ROUND = (
    Act(Tier.HOT_LISTINGS, 6),
    Act(Tier.DAILY_SYNC, 6),
    Act(Tier.WEEKLY_DEEP, 12),
    Act(Tier.WEEKLY_DEEP, 12),
    Act(Tier.MONTHLY_REFRESH, 6),
)


def course_for(kills: int) -> tuple[Act, ...]:
    """As many rounds of all tiers as give room for so many kills."""
    rounds = max(1, ceil((kills / _KILLS_A_RUN - 1) / len(_ROUND)))
    return (Act(Tier.WEEKLY_DEEP), *_ROUND * rounds)


def site_for(seed: int, listings: int) -> StandinOptions:
    """A lively site with all its traps, on which listings leave in every way."""
    return StandinOptions(
        listings=listings,
        seed=seed,
        crawl_delay=0,
        churn=Churn(births=0.12, price_changes=0.10),
        traps=Traps.all(),
        removal_mode=RemovalMode.MIXED,
    )
