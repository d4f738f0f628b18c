"""How states are worded, and text from the site made fit to be shown."""

from __future__ import annotations

import json
import re
import unicodedata
from urllib.parse import urlsplit

from pincali_sync.db.repositories.site.pace import ALL
from pincali_sync.domain.listing_status import OLDER_INACTIVE, UNLISTED
from pincali_sync.domain.liveness import Verdict
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.insights_service import Dossier

TIER_NAMES = {
    Tier.HOT_LISTINGS: "Hot listings",
    Tier.DAILY_SYNC: "Daily sync",
    Tier.WEEKLY_DEEP: "Weekly deep scan",
    Tier.MONTHLY_REFRESH: "Monthly refresh",
}
STEPS = {
    "scan": "reading listing pages",
    "certify": "adding up the scan",
    "removals": "counting what is missing",
    "verify": "looking at the pages of missing listings",
    "apply": "taking out what is gone",
    "queue": "queueing detail pages",
    "refresh": "choosing what to refresh",
    "drain": "fetching detail pages",
    "report": "writing the report",
    "done": "done",
}
PAUSE_KINDS = {
    "person": "by a person",
    "refused": "the site refuses us",
    "busy": "the site is too busy",
    "rate": "too much failed",
}
AGES = {
    "presence": "Presence as of",
    "price": "Price as of",
    "details": "Details as of",
}
_BADGES = {
    "ok": "completed applied active relisted alive accepted processed",
    "bad": "failed lost confirmed_removed gone",
    "warn": "held open likely_removed unknown sold",
}
# The colour of a state's badge; its word and sign say the same.
BADGES = {state: badge for badge, states in _BADGES.items() for state in states.split()}
_LISTING_STATES = {
    "active": "It is on the site.",
    "relisted": "It was gone and came back; its page is fetched again.",
    "likely_removed": "Certified scans in a row did not see it, and nothing proves yet that "
    "it is gone.",
    "confirmed_removed": "It is gone: its own page proved it, or a person decided so.",
    "sold": "Its own page says that it is sold or rented.",
}
SHORT, LONG = 120, 400
# Marks that change the direction of what follows, and other invisible ones.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


def plain(value: object, length: int = SHORT) -> str:
    """Text of whatever origin on one line: no invisible characters, and not too long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    # Far longer than is shown is not worth cleaning.
    text = re.sub(r"\s+", " ", text[: 4 * length]).strip()
    text = "".join(each for each in text if unicodedata.category(each) not in _INVISIBLE)
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def words(name: str) -> str:
    """A name of the program in words: "price_change" as "price change"."""
    return name.replace("_", " ")


def scope(name: str) -> str:
    """What a pause is of: "all" as "Everything", "tier:2" as "Tier 2"."""
    return "Everything" if name == ALL else name.replace(":", " ").capitalize()


def web_url(url: str | None) -> str | None:
    """The URL if it may be a link: http or https with a host; else None."""
    try:
        parts = urlsplit(url or "")
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    return url if is_web else None


def slug(url: str) -> str:
    """The part of a listing's URL that tells it from others."""
    return url.rstrip("/").rpartition("/")[2] or url


def listing_state(dossier: Dossier) -> str:
    """What a record is, in a sentence or two."""
    live = dossier.live
    if live is None:
        return "It was seen on a listing page, and its own page was not fetched yet."
    sentence = _LISTING_STATES.get(live["listing_status"], "")
    missing = live["consecutive_missing_count"]
    checks = dossier.checks
    if live["status"] == OLDER_INACTIVE and checks and checks[0].verdict == Verdict.ALIVE:
        sentence = f"It is off the market: its page is there, but {UNLISTED} for long."
    if missing:
        times = "once" if missing == 1 else f"{missing} times in a row"
        return f"{sentence} Certified scans missed it {times}."
    return sentence


def seal(certified: bool, proves_absence: bool) -> tuple[str, str]:
    """The badge of a certificate: its kind and its word."""
    if not certified:
        return "bad", "not certified"
    return ("ok", "certified") if proves_absence else ("ok", "certified, the first")
