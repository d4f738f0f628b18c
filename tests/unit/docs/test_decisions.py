"""Decisions name figures that the code has as constants: where one moves, the other must too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pincali_sync.clock import TOLERATED_SECONDS
from pincali_sync.config import Config, load_config
from pincali_sync.db.repositories.queue import rest
from pincali_sync.db.repositories.removal import batches, counting, proofs
from pincali_sync.domain import coverage, freshness, limits, prices, removal_limit
from pincali_sync.domain.listing_status import INACTIVE_AFTER, LIKELY_AFTER
from pincali_sync.domain.schedule import GRACE, backoff
from pincali_sync.items import FETCHES_A_WEEK
from pincali_sync.pages import facts, markup, sitemap, text
from pincali_sync.services import refresh_service
from pincali_sync.services.runs import run_figures
from pincali_sync.services.site import pace, pauses
from pincali_sync.web import connection, snapshots, trust

DECISIONS = Path(__file__).parents[3] / "docs" / "decisions"
WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
OFTEN = {2: "twice"}
SHARES = {0.05: "a twentieth", 0.5: "half", 0.9: "nine tenths"}
TIMES = {timedelta(minutes=15): "a quarter of an hour", timedelta(hours=6): "six hours"}


def percent(share: float) -> str:
    return f"{share * 100:g} %"


def hours(*terms: timedelta) -> str:
    *first, last = (f"{term / timedelta(hours=1):g}" for term in terms)
    return f"{', '.join(first)} and {last} hours"


def default(variable: str) -> str:
    return f"{Config.model_fields[variable].default:g}"


@pytest.mark.parametrize(
    ("decision", "wording"),
    [
        (3, f"{percent(float(prices.CHANGE_SHARE))} and {prices.CHANGE_AMOUNT:,}"),
        (6, f"looks every {WORDS[int(pace._LOOK_SECONDS)]} seconds"),
        (6, f"for {pace._FIRST_HOLD_SECONDS:g} s and twice as long with each in a row"),
        (11, f"at least {percent(coverage.MIN_DISTINCT_SHARE)} of the declared total"),
        (11, f"the total moved less than {percent(coverage.MAX_DRIFT_SHARE)}"),
        (11, f"or {WORDS[int(coverage.CHURN_FACTOR)]} times the churn"),
        (11, f"at least {SHARES[coverage.MIN_EXPECTED_SHARE]} of what the last certified scan"),
        (11, f"at most {percent(round(1 - coverage.MIN_DISTINCT_SHARE, 4))} of its own listings"),
        (11, f"at most {SHARES[coverage.MAX_OUT_OF_REACH]} of the source"),
        (12, f"a prior of {WORDS[int(freshness.PRIOR_VISITS)]} visits"),
        (12, f"by {WORDS[int(freshness._CERTAINTY)]} standard deviations"),
        (12, f"more than {refresh_service._LESSONS_STAND.days} days ago"),
        (12, f"an age ceiling ({default('max_age_days')} days)"),
        (13, f"again after {backoff(1) // timedelta(minutes=1)} minutes"),
        (13, f"doubling up to {TIMES[backoff(99)]}"),
        (13, f"below {percent(run_figures.MIN_RATE)} good requests"),
        (13, f"over a tier's last {WORDS[run_figures.RUNS_JUDGED]} runs"),
        (14, f"by more than {SHARES[float(prices.UNUSUAL_SHARE)]}"),
        (15, f"at most {default('site_page_cap')} pages"),
        (16, f"no more than {SHARES[round(1 - coverage.MIN_SITEMAP_SHARE, 2)]} of the urls"),
        (17, f"{WORDS[pauses.BURST]} 429s or 503s in a row"),
        (17, f"for {TIMES[pauses.COOLING]}: then the next tick sends one request"),
        (17, f"twice as long, up to {TIMES[pauses._LONGEST_COOLING]}"),
        (20, f"read every {snapshots.INTERVAL_SECONDS:g} s"),
        (20, f"older than {snapshots.OLDEST.total_seconds():g} s"),
        (20, f"after {WORDS[trust._FREE]} within a minute, half a second"),
        (20, f"to {WORDS[trust._LONGEST_PAUSE]} before the sender's next"),
        (20, f"{WORDS[trust._AT_ONCE]} at once"),
        (20, f"a request has {connection._SECONDS_TO_ASK:g} s to be here as a whole"),
        (20, f"its answer {connection._SECONDS_TO_ANSWER:g} s to be taken"),
        (21, f"a busy site ({hours(*GRACE.values())},"),
        (21, f"({SHARES[load_config().queue_backlog_limit / load_config().queue_max_pending]}, or"),
        (23, f"missing in {LIKELY_AFTER} certified scans in a row"),
        (23, f"what is missing for the {INACTIVE_AFTER}rd time leaves the active counts"),
        (10, f"for {proofs.ASKED_AGAIN_DAYS} days"),
        (10, f"after {proofs.VOID_DAYS} days it proves nothing"),
        (37, f"max({removal_limit.LIMIT_AT_LEAST}, min({percent(removal_limit.CEILING)} of the"),
        (
            37,
            f"max({percent(removal_limit.LIMIT_SHARE)} of the stock, {removal_limit.EXCESS} × ",
        ),
        (37, f"in the last {batches.RECENT_DAYS} days"),
        (34, f"missing in {INACTIVE_AFTER} certified scans"),
        (34, f"at most {OFTEN[FETCHES_A_WEEK]} in seven days"),
        (34, f"up to {rest.LONGEST_DAYS // 7} weeks"),
        (34, f"after {INACTIVE_AFTER} more absences, not {LIKELY_AFTER}"),
        (30, f"robots.txt read to {limits.MAX_ROBOTS_BYTES // 1024} kib"),
        (30, f"its headers at {limits.MAX_HEAD_BYTES // 1024} kib"),
        (30, f"a page at {limits.MAX_PAGE_BYTES // 1_000_000} mb"),
        (30, f"{limits.MAX_SHARD_BYTES // 1024**2} mb on the way"),
        (30, f"and {sitemap.MAX_UNPACKED_BYTES // 1_000_000} mb unpacked"),
        (30, f"{WORDS[limits.MAX_REDIRECTS]} of them"),
        (30, f"a crawl-delay of up to {pace.LONGEST_CRAWL_DELAY:g} s"),
        (46, f"once a day by the tier runner, from {TOLERATED_SECONDS:g} s on"),
        (46, f"within {WORDS[int(counting.DOUBT.split()[0])]} minutes before a scan began"),
        (32, f"more than {markup.MAX_BYTES:,} bytes, {markup.MAX_TAGS:,} tags"),
        (32, f"{markup.MAX_DEPTH} levels"),
        (32, f"a chip has {facts.MAX_CHIP} characters"),
        (32, f"a title {text.MAX_TITLE}, a description {text.MAX_DESCRIPTION:,}"),
        (32, f"a listing {facts.MAX_CHIPS} chips"),
        (32, f"a price beyond {prices.MOST:,} is no offer"),
    ],
)
def test_a_decision_names_the_figure_of_the_code(decision: int, wording: str) -> None:
    [page] = DECISIONS.glob(f"{decision:04}-*.md")
    assert wording in " ".join(page.read_text().casefold().split())


def test_a_decision_has_a_number_of_its_own_which_its_title_repeats() -> None:
    pages = sorted(DECISIONS.glob("*.md"))
    titles = [page.read_text().partition(". ")[0] for page in pages]
    assert titles == [f"# {int(page.name[:4])}" for page in pages]
    assert len(set(titles)) == len(titles)
