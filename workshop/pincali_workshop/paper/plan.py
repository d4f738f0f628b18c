"""What a season on paper is played with: a site like the real one, and the product's defaults."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pincali_sync.config import Config, load_config
from pincali_workshop.standin.options import RemovalMode, StandinOptions
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.traps import Traps

_REAL_SITE = 470_000  # listings; what the defaults are made for
# As measured: 2,000 to 2,500 come and go a day.
REAL_CHURN = Churn(births=0.005, price_changes=0.003, reactivations=0.01)
# What a season over HTTP has many of is as rare here as on the site.
REAL_TRAPS = Traps(renamed=0.02, takeovers=0.002)
_LONGEST_SILENCE = 3_600  # seconds; signs of life are given with the ticks, which are rarer here


def paper_config(url: str, **given: Any) -> Config:
    """The product's defaults, with a site that nobody can reach."""
    return load_config(
        database_url=url,
        pincali_base_url="http://127.0.0.1",
        scrapyd_urls=("local",),
        queue_lease_seconds=_LONGEST_SILENCE,
        job_silence_seconds=_LONGEST_SILENCE,
        **given,
    )


def paper_options(listings: int, seed: int, *, births: float | None = None) -> StandinOptions:
    """A site like the real one."""
    return StandinOptions(
        listings=listings,
        seed=seed,
        form="2026",
        page_size=42,
        removal_mode=RemovalMode.MIXED,
        churn=replace(REAL_CHURN, births=births or REAL_CHURN.births),
        traps=REAL_TRAPS,
    )


def budget_for(listings: int) -> int:
    """Detail pages a day: the default for the real site's size, as much more or less for others."""
    default: int = Config.model_fields["detail_daily_budget"].default
    return max(50, default * listings // _REAL_SITE)
