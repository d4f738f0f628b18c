"""What news of listings are called, on pages, in reports and in the terminal."""

from __future__ import annotations

from pincali_sync.domain.news import NewsKind
from pincali_sync.language import N_

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
