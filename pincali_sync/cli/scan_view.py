"""What one run's scan read, and what that is worth."""

from __future__ import annotations

import typer

from pincali_sync.cli.output import print_json, print_table
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import CertificateNote, RunNotes, SitemapNote


def show_scan(run: SyncRun, *, as_json: bool) -> None:
    """Source by source, then the sitemap, then what could not be looked through."""
    if as_json:
        print_json(run)
        return
    typer.echo(f"Run {run.id} of tier {run.tier_level}: {run.status}")
    notes = run.details
    columns = ("source", "declared", "at the end", "parts", "pages wanted", "read", "lost",
               "different listings", "frontier", "certified")  # fmt: skip
    print_table(
        "Scan",
        columns,
        [
            (
                scan.source,
                scan.total_at_start,
                scan.declared_total,
                scan.parts,
                scan.pages_wanted,
                scan.pages_read,
                scan.pages_lost,
                scan.distinct_properties,
                _frontier(notes, scan.source),
                _seal(notes.certificate_of(scan.source)),
            )
            for scan in notes.sources
        ],
    )
    for scan in notes.sources:
        certificate = notes.certificate_of(scan.source)
        for reason in certificate.reasons if certificate else ():
            typer.echo(f"{scan.source}: not certified: {reason}")
        for gap in scan.gaps:
            typer.echo(f"{scan.source}: {gap}")
    for anomaly in notes.anomalies:
        typer.echo(f"Unlike the runs before: {anomaly}.")
    if notes.sitemap_error:
        typer.echo(f"The sitemap could not be read: {notes.sitemap_error}.")
    if notes.sitemap:
        _show_sitemap(notes.sitemap)


def _show_sitemap(listed: SitemapNote) -> None:
    proof = "complete" if listed.complete else f"proves nothing: {'; '.join(listed.reasons)}"
    typer.echo(f"Sitemap: {listed.urls} URLs, {listed.new_urls} of them new; {proof}.")
    if listed.estimated_stock is not None:
        typer.echo(
            f"By capture and recapture there are about {listed.estimated_stock} listings; "
            f"the pages showed {listed.page_coverage:.1%} of them."
        )


def _frontier(notes: RunNotes, source: str) -> str | None:
    if source not in notes.frontiers:
        return None
    page = notes.frontiers[source]
    return f"page {page}" if page else "not reached"


def _seal(certificate: CertificateNote | None) -> str | None:
    if certificate is None:
        return None
    if not certificate.certified:
        return "no"
    return "yes" if certificate.proves_absence else "yes, the first"
