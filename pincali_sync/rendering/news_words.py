"""What news of listings are called, on pages, in reports and in the terminal."""

from __future__ import annotations

from pincali_sync.db.repositories.listings.ages import MOST_BY_URL
from pincali_sync.domain.news import NewsKind
from pincali_sync.language import N_, _, ngettext
from pincali_sync.rendering.formats import number

NEWS = {
    NewsKind.NEW: N_("New"),
    NewsKind.DOWN: N_("Price down"),
    NewsKind.UP: N_("Price up"),
    NewsKind.GONE: N_("Gone"),
    NewsKind.BACK: N_("Back"),
}
# The days that `DayCounts` counts.
DAYS = {
    "today": N_("today"),
    "yesterday_by_now": N_("yesterday by now"),
    "yesterday": N_("yesterday"),
    "week": N_("seven days"),
}


def by_url(known: int) -> str:
    """How many newcomers wait for their page, of those that are counted."""
    if known > MOST_BY_URL:
        return _(
            "More than %(number)s listings are known by their URL alone and wait for their page.",
            number=number(MOST_BY_URL),
        )
    return ngettext(
        "%(num)s listing is known by its URL alone and waits for its page.",
        "%(num)s listings are known by their URL alone and wait for their page.",
        known,
    )
