"""How states are worded, and text from the site made fit to be shown."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence

from markupsafe import Markup, escape

from pincali_sync.db.repositories.site.pace import ALL, PAGES, SITEMAP
from pincali_sync.domain.alerts import ALERT_RULES
from pincali_sync.domain.dead_letters import BY_NAME
from pincali_sync.domain.listing_status import OLDER_INACTIVE
from pincali_sync.domain.liveness import Verdict
from pincali_sync.domain.news import NewsKind, Period
from pincali_sync.language import N_, _, ngettext
from pincali_sync.moments import NOTHING
from pincali_sync.rendering.news_words import NEWS  # noqa: F401 - of templates
from pincali_sync.services.insights_service import Dossier

PAUSE_KINDS = {
    "person": N_("by a person"),
    "refused": N_("the site refuses us"),
    "busy": N_("the site is too busy"),
    "rate": N_("too much failed"),
}
_SCOPES = {ALL: N_("Everything"), PAGES: N_("Pages"), SITEMAP: N_("The sitemap")}
AGES = {
    "presence": N_("Presence as of"),
    "price": N_("Price as of"),
    "details": N_("Details as of"),
}
DEAD_LETTERS = BY_NAME  # what each kind of error means, and what to do
_BADGES = {
    "ok": "completed applied active relisted alive accepted processed",
    "bad": "failed lost confirmed_removed gone",
    "warn": "held open likely_removed unknown sold",
}
# The colour of a state's badge; its word and sign say the same.
BADGES = {state: badge for badge, states in _BADGES.items() for state in states.split()}
_LISTING_STATES = {
    "active": N_("It is on the site."),
    "relisted": N_("It was gone and came back; its page is fetched again."),
    "likely_removed": N_(
        "Certified scans in a row did not see it, and nothing proves yet that it is gone."
    ),
    "confirmed_removed": N_("It is gone: its own page proved it, or a person decided so."),
    "sold": N_("Its own page says that it is sold or rented."),
}
_UNLISTED = N_(
    "It is off the market: its page is there, but no certified list has shown it for long."
)
# News of one listing.
NEWS_OF_ONE = {
    NewsKind.NEW: N_("newcomer"),
    NewsKind.DOWN: N_("price down"),
    NewsKind.UP: N_("price up"),
    NewsKind.GONE: N_("went"),
    NewsKind.BACK: N_("came back"),
}
NEWS_BADGES = {NewsKind.NEW: "ok", NewsKind.BACK: "ok", NewsKind.GONE: "bad"}
PERIODS = {
    Period.TODAY: N_("Today"),
    Period.YESTERDAY: N_("Yesterday"),
    Period.WEEK: N_("Seven days"),
}
SHORT, LONG = 120, 400
FEW = 8  # rows of a table that a phone shows at first; the stylesheet hides those that follow
_CELL = re.compile(r"<(t[dh])([^>]*)>(.*?)</\1>", re.DOTALL)
# Marks that change the direction of what follows, and other invisible ones.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


def plain(value: object, length: int = SHORT) -> str:
    """Text of whatever origin on one line: no invisible characters, and not too long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    # Far longer than is shown is not worth cleaning.
    text = re.sub(r"\s+", " ", text[: 4 * length]).strip()
    text = "".join(each for each in text if unicodedata.category(each) not in _INVISIBLE)
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def marked(value: str, length: int = LONG) -> Markup:
    """Text of ours, in which names between backticks are code; on one line, and not too long."""
    parts = plain(value, length).split("`")
    if len(parts) % 2 == 0:  # a lone one marks nothing
        return escape("`".join(parts))
    code = Markup("<code>{}</code>")
    return Markup("").join(
        code.format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def rest(caption: str) -> str:
    """The id of the first row that a phone hides, in the table with this caption."""
    return "rest:" + "-".join(caption.split())


def labelled(row: Markup, columns: Sequence[str], row_id: str = "") -> Markup:
    """The cells of a table's row with their columns' headings, which stand beside them on a phone.

    A cell with nothing in it is marked so: there it is left out. One over several columns has none.

    Args:
        row_id: by which a link leads to the row.
    """
    place = 0

    def label(cell: re.Match[str]) -> str:
        nonlocal place
        tag, attributes, inside = cell.groups()
        span = re.search(r'colspan="(\d+)"', attributes)
        heading = "" if span else f' data-label="{escape(columns[place].removeprefix("#"))}"'
        place += int(span[1]) if span else 1
        nothing = " data-none" if inside.strip() in {"", NOTHING} else ""
        return f"<{tag}{attributes}{heading}{nothing}>{inside}</{tag}>"

    opening = f'<tr id="{escape(row_id)}">' if row_id else "<tr>"
    cells = _CELL.sub(label, row.strip()).removeprefix("<tr>")
    return Markup(opening + cells)  # noqa: S704 - a template escaped it


def alert_page(name: str) -> str:
    """Where an alert is looked at."""
    return next((rule.page for rule in ALERT_RULES if rule.name == name), "/")


def scope(name: str) -> str:
    """What a pause is of: "all" as "Everything", "tier:2" as "Tier 2", "pages" as "Pages"."""
    if name in _SCOPES:
        return _(_SCOPES[name])
    return _("Tier %(tier)s", tier=name.partition(":")[2])


def slug(url: str) -> str:
    """The part of a listing's URL that tells it from others."""
    return url.rstrip("/").rpartition("/")[2] or url


def listing_state(dossier: Dossier) -> str:
    """What a record is, in a sentence or two."""
    live = dossier.live
    if live is None and dossier.manifest and not dossier.manifest["sources"]:
        return _(
            "It is known by its URL alone: the sitemap lists it, and no page has shown it yet."
        )
    if live is None:
        return _("It was seen on a listing page, and its own page was not fetched yet.")
    sentence = _(_LISTING_STATES.get(live["listing_status"], ""))
    missing = live["consecutive_missing_count"]
    checks = dossier.checks
    if live["status"] == OLDER_INACTIVE and checks and checks[0].verdict == Verdict.ALIVE:
        sentence = _(_UNLISTED)
    if not missing:
        return sentence
    missed = ngettext(
        "Certified scans missed it once.",
        "Certified scans missed it %(num)s times in a row.",
        missing,
    )
    return f"{sentence} {missed}"


def seal(certified: bool, proves_absence: bool) -> tuple[str, str]:
    """The badge of a certificate: its kind and its word."""
    if not certified:
        return "bad", _("not certified")
    return "ok", _("certified") if proves_absence else _("certified, the first")
