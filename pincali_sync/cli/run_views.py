"""Tables of runs, and of what one run's scan read and is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pincali_sync.cli.output import (
    Field,
    Name,
    console,
    draw_table,
    echo,
    print_json,
    print_records,
    rows_of,
)
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.coverage import Certificate, SourceScan
from pincali_sync.domain.names import step_name, words
from pincali_sync.domain.run_notes import RunNotes, SitemapNote
from pincali_sync.language import N_, _
from pincali_sync.rendering.formats import number, share


def state_of(run: SyncRun) -> str:
    """How a run stands; one under way, by its step."""
    if run.status != "running":
        return words(run.status)
    doing = step_name(run.step)
    return _("held up: %(step)s", step=doing) if run.trouble else doing


def _certified(run: SyncRun) -> str | None:
    certificates = run.details.certificates
    certified = sum(each.certified for each in certificates)
    if not certificates:
        return None
    return _("%(part)s of %(whole)s", part=certified, whole=len(certificates))


_FIELDS: Mapping[str, Field] = {
    N_("run"): lambda run: str(run.id)[:8],
    N_("tier"): lambda run: str(run.tier_level),
    N_("started"): "started_at",
    N_("status"): lambda run: Name(run.status),
    N_("state"): state_of,
    N_("pages"): "pages_scanned",
    N_("seen"): "properties_in_manifest",
    N_("new"): "new_properties_found",
    N_("prices"): "price_changes_detected",
    N_("missing"): "removals_detected",
    N_("removed"): lambda run: run.details.removed,
    N_("queued"): "properties_queued",
    N_("scraped"): "properties_scraped",
    N_("errors"): "error_count",
    N_("certified"): _certified,
}


def print_runs(runs: Sequence[SyncRun]) -> None:
    """Runs just carried on, and what went wrong below them; for people, wherever they read it."""
    columns = _columns("tier status pages seen new prices queued scraped errors")
    draw_table("Runs", tuple(columns), rows_of(columns, runs))
    for run in runs:
        if wrong := run.trouble:
            known = {"tier": run.tier_level, "state": words(run.status), "reason": wrong}
            echo(_("tier %(tier)s %(state)s: %(reason)s", **known), err=True)


def print_history(runs: Sequence[SyncRun]) -> None:
    """Earlier runs, and what went wrong below them."""
    names = "run tier started state pages new prices removed scraped errors"
    if not console.is_terminal:  # where they need not fit in a terminal's width
        names += " missing certified"
    print_records(_("Runs"), _columns(names), runs)
    for run in runs:
        if wrong := run.trouble:
            echo(f"{str(run.id)[:8]}: {wrong}")


def _columns(names: str) -> Mapping[str, Field]:
    return {name: _FIELDS[name] for name in names.split()}


def show_scan(run: SyncRun, *, as_json: bool) -> None:
    """Source by source, then the sitemap, then what could not be looked through."""
    if as_json:
        print_json(run)
        return
    notes = run.details
    known = {"id": run.id, "tier": run.tier_level, "state": words(run.status)}
    echo(_("Run %(id)s of tier %(tier)s: %(state)s", **known))
    columns: dict[str, Field] = {
        N_("source"): lambda scan: Name(scan.source),
        N_("declared"): "total_at_start",
        N_("at the end"): "declared_total",
        N_("parts"): "parts",
        N_("pages wanted"): "pages_wanted",
        N_("read"): "pages_read",
        N_("lost"): "pages_lost",
        N_("different listings"): "distinct_properties",
        N_("frontier"): lambda scan: _frontier(notes, scan),
        N_("certified"): lambda scan: _seal(notes.certificate_of(scan.source)),
    }
    print_records(_("Scan"), columns, notes.sources)
    for scan in notes.sources:
        certificate = notes.certificate_of(scan.source)
        for reason in certificate.reasons if certificate else ():
            source = words(scan.source)
            echo(_("%(source)s: not certified: %(reason)s", source=source, reason=reason))
        if certificate and certificate.exceptions:
            source, part = words(scan.source), certificate.exceptions
            echo(_("%(source)s: certified for %(part)s", source=source, part=part))
        for gap in scan.gaps:
            echo(f"{words(scan.source)}: {gap}")
    for anomaly in notes.anomalies:
        echo(_("Unlike the runs before: %(what)s.", what=anomaly))
    if notes.sitemap_error:
        echo(_("The sitemap could not be read: %(reason)s.", reason=notes.sitemap_error))
    if notes.sitemap:
        _show_sitemap(notes.sitemap)


def _show_sitemap(listed: SitemapNote) -> None:
    counts = {"urls": number(listed.urls), "new": number(listed.new_urls)}
    if listed.complete:
        echo(_("Sitemap: %(urls)s URLs, %(new)s of them new; complete.", **counts))
    else:
        reasons = "; ".join(listed.reasons)
        said = _(
            "Sitemap: %(urls)s URLs, %(new)s of them new; proves nothing: %(reasons)s.",
            reasons=reasons,
            **counts,
        )
        echo(said)
    if listed.estimated_stock is not None:
        said = _(
            "By capture and recapture there are about %(stock)s listings; the pages showed "
            "%(share)s of them.",
            stock=number(listed.estimated_stock),
            share=share(listed.page_coverage),
        )
        echo(said)


def _frontier(notes: RunNotes, scan: SourceScan) -> str | None:
    if scan.source not in notes.frontiers:
        return None
    page = notes.frontiers[scan.source]
    return _("page %(page)s", page=page) if page else _("not reached")


def _seal(certificate: Certificate | None) -> str | None:
    if certificate is None:
        return None
    if not certificate.certified:
        return _("no")
    part = share(certificate.covered)
    if certificate.proves_absence:
        return _("for %(share)s", share=part) if certificate.corners else _("yes")
    return _("for %(share)s, the first", share=part) if certificate.corners else _("yes, the first")
