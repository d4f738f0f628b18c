"""The four tiers: what each scans, how far and how fast."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum

from pincali_sync.config import Config
from pincali_sync.exceptions import UsageError
from pincali_sync.language import _


class Tier(IntEnum):
    """How much of the site a run looks at."""

    HOT_LISTINGS = 1
    DAILY_SYNC = 2
    WEEKLY_DEEP = 3
    MONTHLY_REFRESH = 4

    @property
    def label(self) -> str:
        """The name stored in `sync_runs.tier_name`."""
        return self.name.lower()

    @classmethod
    def parse(cls, text: str | int) -> Tier:
        """Reads "1" … "4". Raises: UsageError: for anything else."""
        try:
            return cls(int(text))
        except ValueError:
            raise UsageError(
                _("unknown tier %(text)s: there are tiers 1, 2, 3 and 4", text=repr(text))
            ) from None


class ListingSource(StrEnum):
    """The four listings of the site, in the order in which a scan reads them."""

    SALE = "sale"
    RENT = "rent"
    FORECLOSURE = "foreclosure"
    NEW_CONSTRUCTION = "new_construction"

    @property
    def path(self) -> str:
        """The site's path of the first page."""
        return _SOURCE_PATHS[self]

    @classmethod
    def parse(cls, text: str) -> ListingSource:
        """Raises: UsageError: for a name that is none of the four."""
        try:
            return cls(text)
        except ValueError:
            raise UsageError(f"unknown source {text!r}: the sources are {', '.join(cls)}") from None


_SOURCE_PATHS = {
    ListingSource.SALE: "/en/properties/properties-for-sale",
    ListingSource.RENT: "/en/properties/properties-for-rent",
    ListingSource.FORECLOSURE: "/en/properties/properties-for-foreclosure",
    ListingSource.NEW_CONSTRUCTION: "/en/properties/under-construction",
}


# From a run's start on. The specification gives them five and eight hours, removals included.
_VERIFIES_FOR = {
    Tier.DAILY_SYNC: timedelta(hours=4, minutes=45),
    Tier.WEEKLY_DEEP: timedelta(hours=7, minutes=45),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPlan:
    """How one tier scans."""

    tier: Tier
    max_pages: int  # per source; 0: all there are
    page_delay_seconds: float
    detail_delay_seconds: float
    reads_sitemap: bool = False  # existence by the sitemap, besides the pages
    stale_days: float | None = None  # records older than this are queued after the scan
    # How long after its start missing listings are looked at; None: until none is left.
    verifies_for: timedelta | None = None

    @classmethod
    def of(cls, tier: Tier, config: Config) -> TierPlan:
        """The plan that the configuration gives this tier."""
        pages = (config.tier_1_pages, config.tier_2_pages, config.tier_3_pages, 0)
        patience = config.tier_4_detail_delay_seconds if tier is Tier.MONTHLY_REFRESH else 0
        # Daily runs take up what is left then: without them it would stay.
        is_taken_up = Tier.DAILY_SYNC in config.tiers_enabled
        return cls(
            tier=tier,
            max_pages=pages[tier - 1],
            page_delay_seconds=config.page_delay_seconds,
            detail_delay_seconds=max(config.detail_delay_seconds, patience),
            reads_sitemap=tier in {Tier.DAILY_SYNC, Tier.WEEKLY_DEEP},
            stale_days=config.tier_3_stale_days if tier is Tier.WEEKLY_DEEP else None,
            verifies_for=_VERIFIES_FOR.get(tier) if is_taken_up else None,
        )
