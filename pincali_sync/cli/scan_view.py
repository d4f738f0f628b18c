"""What one run's scan read, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from pincali_sync.cli.output import print_json, print_table
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.anomalies import Anomaly
from pincali_sync.services.runs.run_anomalies import say


def show_scan(run: SyncRun, *, as_json: bool) -> None:
    """Source by source, then the sitemap, then what could not be looked through."""
    if as_json:
        print_json(run)
        return
    typer.echo(f"Run {run.id} of tier {run.tier_level}: {run.status}")
    sources = run.details.get("sources", [])
    certificates = {each["source"]: each for each in run.details.get("certificates", [])}
    columns = ("source", "declared", "at the end", "parts", "pages wanted", "read", "lost",
               "different listings", "frontier", "certified")  # fmt: skip
    frontiers = run.details.get("frontiers", {})
    print_table(
        "Scan",
        columns,
        [
            (
                scan["source"],
                scan["total_at_start"],
                scan["declared_total"],
                scan["parts"],
                scan["pages_wanted"],
                scan["pages_read"],
                scan["pages_lost"],
                scan["distinct_properties"],
                _frontier(frontiers, scan["source"]),
                _seal(certificates.get(scan["source"])),
            )
            for scan in sources
        ],
    )
    for scan in sources:
        for reason in certificates.get(scan["source"], {}).get("reasons", []):
            typer.echo(f"{scan['source']}: not certified: {reason}")
        for gap in scan["gaps"]:
            typer.echo(f"{scan['source']}: {gap}")
    for anomaly in run.details.get("anomalies", []):
        typer.echo(f"Unlike the runs before: {say(Anomaly(**anomaly))}.")
    _show_sitemap(run.details)


def _show_sitemap(details: Mapping[str, Any]) -> None:
    if "sitemap_error" in details:
        typer.echo(f"The sitemap could not be read: {details['sitemap_error']}.")
    if "sitemap" not in details:
        return
    listed = details["sitemap"]
    proof = "complete" if listed["complete"] else f"proves nothing: {'; '.join(listed['reasons'])}"
    typer.echo(f"Sitemap: {listed['urls']} URLs, {listed['new_urls']} of them new; {proof}.")
    if listed["estimated_stock"] is not None:
        typer.echo(
            f"By capture and recapture there are about {listed['estimated_stock']} listings; "
            f"the pages showed {listed['page_coverage']:.1%} of them."
        )


def _frontier(frontiers: Mapping[str, int | None], source: str) -> str | None:
    if source not in frontiers:
        return None
    return f"page {frontiers[source]}" if frontiers[source] else "not reached"


def _seal(certificate: Mapping[str, Any] | None) -> str | None:
    if certificate is None:
        return None
    if not certificate["certified"]:
        return "no"
    return "yes" if certificate["proves_absence"] else "yes, the first"
