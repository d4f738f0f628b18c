"""What a stand-in site is asked to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from pincali_sync.exceptions import UsageError
from pincali_workshop.standin.habits import Habits
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.removal import RemovalMode, UnknownMode
from pincali_workshop.standin.world.traps import Traps

__all__ = ["RemovalMode", "StandinOptions", "UnknownMode"]

FORMS = ("2025", "2026")
PAGE_SIZES = (24, 42)
DEFAULT_START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandinOptions:
    """The site's size, look and clock. The same options and time give the same bytes.

    Raises:
        UsageError: for a form, page size or number the site does not come in.
    """

    listings: int = 400  # active ones at the start
    seed: int = 1
    form: str = "2025"  # the markup's year
    page_size: int = 24
    page_cap: int = 100  # pages beyond it answer 404
    start: datetime = DEFAULT_START
    seconds_per_page: float = 0.0  # that the clock goes on with each listing page
    speed: float = 0.0  # clock seconds per real second; 0: it stands still until it is moved
    crawl_delay: float = 1.0  # seconds, in robots.txt; 0: it says nothing of it
    removal_mode: RemovalMode = RemovalMode.NOT_FOUND
    unknown_mode: UnknownMode = UnknownMode.NOT_FOUND
    habits: Habits = field(default_factory=Habits)
    churn: Churn = field(default_factory=Churn)
    traps: Traps = field(default_factory=Traps)

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise UsageError(f"unknown form {self.form!r}: there are {', '.join(FORMS)}")
        if self.page_size not in PAGE_SIZES:
            raise UsageError(f"unknown page size {self.page_size}: the site had 24 and 42")
        if self.listings < 1 or self.page_cap < 1:
            raise UsageError("a site has at least one listing and one page")
        if self.speed < 0 or self.seconds_per_page < 0:
            raise UsageError("the clock's speed is at least 0")
        if self.start.tzinfo is None:
            raise UsageError("the start time needs a timezone")
