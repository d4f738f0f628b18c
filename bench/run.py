"""`make bench`: runs all benchmarks, prints them and writes bench/results.json."""

from __future__ import annotations

import json
from pathlib import Path

from bench import (
    exports,
    full_scan,
    pace_nodes,
    parse_pages,
    queue_claims,
    sitemap_urls,
    spider_pipelines,
    standin_pages,
    tier_loads,
    web_pages,
)
from pincali_sync.cli.output import print_table

_ALL = (
    parse_pages,
    standin_pages,
    spider_pipelines,
    queue_claims,
    tier_loads,
    sitemap_urls,
    pace_nodes,
    full_scan,
    exports,
    web_pages,
)
# Absolute figures belong to the machine; ratios, taken in one run, carry further.
_TARGETS = {
    "standin_listing_pages_per_s": "at least 300",
    "listing_page_cpu_ms": "at most 10",
    "spider_with_to_without_pipelines": "at least 0.80",
    "scan_100_pages_s": "under 300",
    "scan_1000_pages_s": "under 2,700",
    "details_per_minute_browser": "at least 50",
    "sealed_to_open_browser": "at least 1.00",
    "sealed_to_open_browser_with_scripts": "at least 1.00",
    "details_per_minute_http": "at least 200",
    "sitemap_first_s": "under 60",
    "sitemap_again_s": "under 60",
    "sitemap_peak_mb": "under 500",
    "pace_closest_reserved_s": "at least 0.20",
    "pace_arrivals_1st_percentile_s": "at least 0.17",
    "pace_slots_used": "at least 0.90",
    "pace_reservation_ms": "at most 10",
    "export_parquet_s": "under 60",
    "export_parquet_peak_mb": "under 500",
    "web_metrics_ms": "under 300",
    "web_slowest_page_ms": "under 500",
    "full_scan_0_kills_share_found": "at least 0.999",
    "full_scan_0_kills_page_ratio": "at most 1.15",
    "full_scan_0_kills_virtual_hours": "about 8",
    "full_scan_3_kills_share_found": "at least 0.999",
    "full_scan_3_kills_page_ratio": "at most 1.15",
    "full_scan_3_kills_virtual_hours": "about 8",
}


def main() -> None:
    """Measures everything, one after the other."""
    results: dict[str, float] = {}
    for benchmark in _ALL:
        print(f"{benchmark.__name__} ...", flush=True)
        results.update(benchmark.measure())
    print_table(
        "Benchmarks",
        ("what", "measured", "target"),
        [(name, f"{value:,.3f}", _TARGETS.get(name, "")) for name, value in results.items()],
    )
    path = Path(__file__).parent / "results.json"
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
