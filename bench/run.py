"""`make bench`: runs, prints and keeps the benchmarks, and writes the table of docs/benchmarks.md.

`python -m bench.run spider parse` runs these parts alone. Those that take long are only run so.
"""

from __future__ import annotations

import sys
from types import ModuleType

from bench import (
    browsers,
    drain_nodes,
    exports,
    full_scan,
    memory,
    million_rows,
    pace_nodes,
    parse_pages,
    queue_claims,
    refresh_orders,
    sitemap_urls,
    spiders,
    standin_pages,
    tier_loads,
    upserts,
    web_pages,
)
from bench.results import HEAD, keep, rows_of
from pincali_sync.cli.output import draw_table

# `measure()` gives figures by name; what they answer, and the goals, stand in `questions`.
_PARTS: dict[str, ModuleType] = {
    "parse": parse_pages,
    "standin": standin_pages,
    "spider": spiders,
    "upserts": upserts,
    "claims": queue_claims,
    "browsers": browsers,
    "refresh": refresh_orders,
    "diffs": million_rows,
    "loads": tier_loads,
    "sitemap": sitemap_urls,
    "pace": pace_nodes,
    "nodes": drain_nodes,
    "scan": full_scan,
    "exports": exports,
    "web": web_pages,
}
_LONG: dict[str, ModuleType] = {"memory": memory}  # a quarter of an hour and more


def main(*wanted: str) -> int:
    """Measures these parts, or all that do not take long, one after the other."""
    parts = _PARTS | _LONG
    if unknown := set(wanted) - parts.keys():
        print(f"no parts: {', '.join(unknown)}; there are {', '.join(parts)}", file=sys.stderr)
        return 2
    results: dict[str, float] = {}
    for name in wanted or _PARTS:
        print(f"{name} ...", flush=True)
        figures = parts[name].measure()
        keep(name, figures)
        results |= figures
    draw_table("Benchmarks", HEAD, rows_of(results))
    draw_table("All figures", ("figure", "value"), [(k, f"{v:,.3f}") for k, v in results.items()])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
