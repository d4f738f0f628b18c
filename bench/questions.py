"""What the benchmarks are asked: each figure, what it stands beside, and the goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A figure's question; `beside` is empty where the goal is a limit of our own."""

    figure: str
    asks: str
    beside: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def goal(self) -> str:
        """In words; empty where the figure only tells."""
        if self.least is not None:
            return f"≥ {self.least:,g}"
        return "" if self.most is None else f"≤ {self.most:,g}"

    def verdict(self, value: float) -> str:
        """Whether the goal is met."""
        if not self.goal:
            return ""
        is_low = self.least is not None and value < self.least
        return "not met" if is_low or (self.most is not None and value > self.most) else "met"


_BARE_SPIDER = "a bare Scrapy spider with parsel and no database"
_LIBRARIES = {"beautifulsoup": "BeautifulSoup (lxml)", "parsel": "parsel", "lexbor": "bare lexbor"}
_PLAYWRIGHT = "bare Playwright, 4 pages at once, the same requests let through"
_BY_RATES = "the order by rates of change alone, as many visits"
_COPY = "a bare COPY of the same cards into a table without an index"
_LIVE_SCAN = "a bare scan of the live table's columns"
_OPEN_BROWSER = "the same spider in an open browser"

# In the order of the table. Ratios, taken in one run, carry further than absolute figures.
QUESTIONS = (
    Question("spider_to_bare_scrapy", "listing pages a second, stored", _BARE_SPIDER, least=1.6),
    Question(
        "spider_with_to_without_pipelines",
        "listing pages a second, stored",
        "the same spider without pipelines",
        least=0.8,
    ),
    Question("upsert_first_to_copy", "cards a second, all new, stored", _COPY, least=0.5),
    Question("upsert_again_to_copy", "cards a second, all known, stored", _COPY, least=0.5),
    Question("manifest_hot_share", "HOT updates of the manifest, two scans", least=0.9),
    Question("live_hot_share", "HOT updates of live rows, two scans", least=0.9),
    Question("manifest_grown_by_a_scan", "the manifest's size after a scan", "before", most=1.02),
    Question("listing_page_cpu_ms", "CPU of reading a listing page, ms", most=4),
    *(
        Question(f"{kind}_page_{name}_to_ours", f"CPU of {library} for a {kind} page", "ours")
        for kind in ("listing", "detail")
        for name, library in _LIBRARIES.items()
    ),
    Question("standin_listing_pages_per_s", "the stand-in's pages a second", least=300),
    Question("scan_100_pages_s", "100 listing pages, s", most=300),
    Question("scan_1000_pages_s", "1,000 listing pages, s", most=2700),
    Question("details_per_minute_browser", "detail pages a minute in the browser", least=50),
    Question("details_per_minute_http", "detail pages a minute without", least=200),
    Question("details_to_bare_playwright", "detail pages a minute, stored", _PLAYWRIGHT, least=0.9),
    Question(
        "details_to_bare_playwright_with_scripts", "the same with scripts", _PLAYWRIGHT, least=0.9
    ),
    Question("details_to_a_browser_each", "detail pages a minute, stored", "a browser a page"),
    Question("sealed_to_open_browser", "detail pages a minute", _OPEN_BROWSER, least=1),
    Question(
        "sealed_to_open_browser_with_scripts", "the same with scripts", _OPEN_BROWSER, least=1
    ),
    Question("memory_listing_kb_a_page", "memory a scan grows by a listing page, kB", most=1),
    Question("memory_detail_kb_a_page", "memory a worker grows by a detail page, kB", most=10),
    Question("memory_browser_kb_a_page", "memory its browser grows by a page, kB", most=10),
    Question(
        "refresh_telling_outdated_to_rates",
        "outdated records where cards tell",
        _BY_RATES,
        most=0.9,
    ),
    Question(
        "refresh_telling_outdated_to_oldest",
        "outdated records where cards tell",
        "oldest first, as many visits",
        most=0.9,
    ),
    Question("refresh_telling_signals_oldest_days", "days of the oldest record there", most=45),
    Question(
        "refresh_reticent_outdated_to_rates_high",
        "the same where they tell little, 95 % bound",
        _BY_RATES,
        most=1,
    ),
    Question(
        "refresh_misleading_outdated_to_rates_high",
        "the same where they only mislead, 95 % bound",
        _BY_RATES,
        most=1.01,
    ),
    Question("queue_claims_to_pgqueuer_by_10", "claims a second, ten a call", "pgqueuer", least=1),
    Question("queue_claims_to_pgqueuer_by_1", "claims a second, one a call", "pgqueuer"),
    Question("queue_claims_to_procrastinate_by_1", "the same", "procrastinate", least=1),
    Question(
        "queue_claims_beside_a_million",
        "claims a second, beside a million finished rows",
        "without them",
        least=0.8,
    ),
    *(
        Question(f"diff_{name}_to_scan", f"{asks} in a million rows", _LIVE_SCAN, most=4)
        for name, asks in (
            ("new_listings", "listings that are new"),
            ("price_changes", "prices that changed"),
            ("missing", "listings that are missing"),
        )
    ),
    Question("sitemap_first_s", "470,000 URLs of the sitemap for the first time, s", most=60),
    Question("sitemap_again_s", "the same again, one in a hundred moved, s", most=60),
    Question("sitemap_peak_mb", "memory of that, MB", most=500),
    Question("pace_closest_reserved_s", "closest two turns of workers at 0.2 s", least=0.2),
    Question("pace_arrivals_1st_percentile_s", "their arrivals, 1st percentile, s", least=0.17),
    Question("pace_slots_used", "share of the turns used", least=0.9),
    Question("pace_reservation_ms", "a turn's reservation, ms", most=10),
    *(
        Question(
            f"details_on_{n}_nodes_to_one", f"details a minute on {n} nodes", "one", least=goal
        )
        for n, goal in ((2, 1.8), (3, 2.6))
    ),
    Question("details_at_a_pace_to_it", "details a minute on 3 nodes", "the pace", least=0.9),
    Question("export_parquet_s", "a million rows to Parquet, s", most=60),
    Question("export_parquet_peak_mb", "memory of that, MB", most=500),
    Question("web_metrics_ms", "/metrics from the last snapshot, a million rows, ms", most=300),
    Question("web_snapshot_s", "reading the figures of a million rows, s", most=1),
    Question("web_slowest_page_ms", "the dashboard's slowest page, ms", most=500),
    Question("full_scan_0_kills_share_found", "share of listings a full scan finds", least=0.999),
    Question("full_scan_0_kills_page_ratio", "its pages", "the fewest possible", most=1.15),
    Question("full_scan_3_kills_share_found", "the share if killed three times", least=0.999),
    Question("full_scan_3_kills_page_ratio", "its pages", "the fewest possible", most=1.15),
)
