"""Tables of runs, and of what one run's scan read and is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pincali_sync.cli.output import (
    Field,
    console,
    draw_table,
    echo,
    print_json,
    print_records,
    rows_of,
)
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.coverage import Certificate, SourceScan
from pincali_sync.domain.names import step_name
from pincali_sync.domain.run_notes import RunNotes, SitemapNote


def state_of(run: SyncRun) -> str:
    """How a run stands; one under way, by its step."""
    if run.status != "running":
        return run.status
    doing = step_name(run.step)
    return f"held up: {doing}" if run.details.fault else doing


def _certified(run: SyncRun) -> str | None:
    certificates = run.details.certificates
    certified = sum(each.certified for each in certificates)
    return f"{certified} of {len(certificates)}" if certificates else None


_FIELDS: Mapping[str, Field] = {
    "run": lambda run: str(run.id)[:8],
    "tier": lambda run: str(run.tier_level),
    "started": "started_at",
    "status": "status",
    "state": state_of,
    "pages": "pages_scanned",
    "seen": "properties_in_manifest",
    "new": "new_properties_found",
    "prices": "price_changes_detected",
    "missing": "removals_detected",
    "removed": lambda run: run.details.removed,
    "queued": "properties_queued",
    "scraped": "properties_scraped",
    "errors": "error_count",
    "certified": _certified,
}


def what_is_wrong(run: SyncRun) -> str | None:
    """Why a run failed or was cancelled, or what keeps an open one from going on."""
    fault = run.details.fault
    return fault.error if fault and run.status == "running" else run.error_summary


def print_runs(runs: Sequence[SyncRun]) -> None:
    """Runs just carried on, and what went wrong below them; for people, wherever they read it."""
    columns = _columns("tier status pages seen new prices queued scraped errors")
    draw_table("Runs", tuple(columns), rows_of(columns, runs))
    for run in runs:
        if wrong := what_is_wrong(run):
            echo(f"tier {run.tier_level} {run.status}: {wrong}", err=True)


def print_history(runs: Sequence[SyncRun]) -> None:
    """Earlier runs, and what went wrong below them."""
    names = "run tier started state pages new prices removed scraped errors"
    if not console.is_terminal:  # where they need not fit in a terminal's width
        names += " missing certified"
    print_records("Runs", _columns(names), runs)
    for run in runs:
        if wrong := what_is_wrong(run):
            echo(f"{str(run.id)[:8]}: {wrong}")


def _columns(names: str) -> Mapping[str, Field]:
    return {name: _FIELDS[name] for name in names.split()}


def show_scan(run: SyncRun, *, as_json: bool) -> None:
    """Source by source, then the sitemap, then what could not be looked through."""
    if as_json:
        print_json(run)
        return
    notes = run.details
    echo(f"Run {run.id} of tier {run.tier_level}: {run.status}")
    columns: dict[str, Field] = {
        "source": "source",
        "declared": "total_at_start",
        "at the end": "declared_total",
        "parts": "parts",
        "pages wanted": "pages_wanted",
        "read": "pages_read",
        "lost": "pages_lost",
        "different listings": "distinct_properties",
        "frontier": lambda scan: _frontier(notes, scan),
        "certified": lambda scan: _seal(notes.certificate_of(scan.source)),
    }
    print_records("Scan", columns, notes.sources)
    for scan in notes.sources:
        certificate = notes.certificate_of(scan.source)
        for reason in certificate.reasons if certificate else ():
            echo(f"{scan.source}: not certified: {reason}")
        if certificate and certificate.exceptions:
            echo(f"{scan.source}: certified for {certificate.exceptions}")
        for gap in scan.gaps:
            echo(f"{scan.source}: {gap}")
    for anomaly in notes.anomalies:
        echo(f"Unlike the runs before: {anomaly}.")
    if notes.sitemap_error:
        echo(f"The sitemap could not be read: {notes.sitemap_error}.")
    if notes.sitemap:
        _show_sitemap(notes.sitemap)


def _show_sitemap(listed: SitemapNote) -> None:
    proof = "complete" if listed.complete else f"proves nothing: {'; '.join(listed.reasons)}"
    echo(f"Sitemap: {listed.urls} URLs, {listed.new_urls} of them new; {proof}.")
    if listed.estimated_stock is not None:
        echo(
            f"By capture and recapture there are about {listed.estimated_stock} listings; "
            f"the pages showed {listed.page_coverage:.1%} of them."
        )


def _frontier(notes: RunNotes, scan: SourceScan) -> str | None:
    if scan.source not in notes.frontiers:
        return None
    page = notes.frontiers[scan.source]
    return f"page {page}" if page else "not reached"


def _seal(certificate: Certificate | None) -> str | None:
    if certificate is None:
        return None
    if not certificate.certified:
        return "no"
    covered = f"for {certificate.covered:.1%}" if certificate.corners else "yes"
    return covered if certificate.proves_absence else f"{covered}, the first"
