"""Reading listing pages, and judging whether what was read may be used."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.anomalies import ScanShape, anomalies_of, cut_short
from pincali_sync.domain.coverage import (
    MIN_DISTINCT_SHARE,
    SourceScan,
    reasons_to_distrust,
    too_many_lost,
)
from pincali_sync.domain.run_notes import RunNotes, SitemapNote
from pincali_sync.domain.tiers import ListingSource, TierPlan
from pincali_sync.services.manifest_scan_service import ManifestScanService
from pincali_sync.services.ports import WantedJob
from pincali_sync.services.runs.run_jobs import DONE, Outcome, RunJobs, State
from pincali_sync.services.runs.steps.base import RunRecord, session_of

logger = logging.getLogger(__name__)

_RUNS_LOOKED_AT = 10
_SITEMAP_JOB = WantedJob(spider="sitemap")


@dataclass(frozen=True, slots=True)
class ScanStep:
    """One manifest job per listing source, and the sitemap where the tier reads it.

    A sitemap that cannot be had fails no run, nor does a source that lost too many of its pages but
    has no more than a tenth of the listings: what it would have proved stays unproved.
    """

    record: RunRecord
    jobs: RunJobs

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        plan = self.record.plan(run)
        depths = run.details.depths or await self._choose_depths(run, plan)
        outcomes = {
            source: await self.jobs.ensure_done(run, [_scan_job(plan, source, depths[source])])
            for source in ListingSource
        }
        pages = await self._judged(run, outcomes)
        if pages.state is State.FAILED:
            await self._count(run)
            return pages
        sitemap = await self.jobs.ensure_done(run, [_SITEMAP_JOB] if plan.reads_sitemap else [])
        if pages.state is State.WAITING:
            return pages
        if sitemap.state is State.WAITING:
            return sitemap
        if sitemap.error:
            logger.error("run %s: the sitemap could not be read: %s", run.id, sitemap.error)
            await self.record.note(run, RunNotes(sitemap_error=sitemap.error))
        if pages.state is State.CUT_SHORT:
            logger.error("run %s goes on without a source: %s", run.id, pages.error)
        return DONE

    async def _judged(self, run: SyncRun, outcomes: Mapping[ListingSource, Outcome]) -> Outcome:
        """How all sources stand together: failed where those cut short are more than a tenth of
        what all declare, which is known once each has declared it, or is over."""
        together = max(outcomes.values(), key=lambda each: (each.state, each.error is not None))
        cut = {source for source, each in outcomes.items() if each.state is State.CUT_SHORT}
        if not cut or together.state is State.FAILED:
            return together
        async with self.record.db.transaction() as tx:
            scans = await tx.manifest.scans_of(session_of(run))
        declared = {scan.source: scan.declared_total for scan in scans}
        sizes = {source: declared.get(source) for source in outcomes}
        if any(sizes[each] is None and outcomes[each].state is State.WAITING for each in outcomes):
            return together
        gone, total = sum(sizes[each] or 0 for each in cut), sum(filter(None, sizes.values()))
        if total and not too_many_lost(total - gone, gone):
            return together
        said = "; ".join(str(outcomes[each].error) for each in outcomes if each in cut)
        return Outcome(state=State.FAILED, error=said)

    async def _count(self, run: SyncRun) -> None:
        """What a scan that failed has read and lost: by that a tier is judged, and paused."""
        async with self.record.db.transaction() as tx:
            scans = await tx.manifest.scans_of(session_of(run))
        await self.record.note(
            run,
            pages_scanned=sum(scan.pages_read for scan in scans),
            error_count=sum(scan.pages_lost for scan in scans),
        )

    async def _choose_depths(self, run: SyncRun, plan: TierPlan) -> Mapping[str, int]:
        """Deeper than planned where the last run did not meet what the one before it knew."""
        async with self.record.db.transaction() as tx:
            runs = await tx.runs.recent(tier_level=run.tier_level, limit=_RUNS_LOOKED_AT)
            seen = await tx.pace.page_cap(self.record.config.site_host)
        last = next((each.details for each in runs if each.status == "completed"), RunNotes())
        cap = seen or self.record.config.site_page_cap
        depths = {
            str(source): last.next_depth(plan.max_pages, source, page_cap=cap)
            for source in ListingSource
        }
        await self.record.note(run, RunNotes(depths=depths))
        return depths


@dataclass(frozen=True, slots=True)
class CertifyStep:
    """Adds up what the scan read; fails the run where that is not to be trusted."""

    record: RunRecord
    scans: ManifestScanService

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        session_id = session_of(run)
        async with self.record.db.transaction() as tx:
            await tx.sessions.count_pages(session_id)
            scans = await tx.manifest.scans_of(session_id)
            seen = await tx.manifest.distinct_seen(session_id)
            listed = await tx.sitemap.newcomers(session_id)
        await self.record.note(
            run,
            RunNotes(sources=tuple(scans)),
            pages_scanned=sum(scan.pages_read for scan in scans),
            properties_in_manifest=seen,
            new_properties_found=listed + sum(scan.new_entries for scan in scans),
            price_changes_detected=sum(scan.changed_entries for scan in scans),
            error_count=sum(scan.pages_lost for scan in scans),
        )
        if self.record.plan(run).reads_sitemap:
            await self._note_sitemap(run, session_id)
        await self._note_anomalies(run, scans)
        if reasons := reasons_to_distrust(scans):
            return Outcome(state=State.FAILED, error="; ".join(reasons))
        if self.record.plan(run).max_pages == 0:
            await self._certify(run, session_id)
        else:
            await self._note_frontiers(run, session_id, scans)
        return DONE

    async def _note_sitemap(self, run: SyncRun, session_id: UUID) -> None:
        async with self.record.db.transaction() as tx:
            listed = await tx.sitemap.of_session(session_id)
            if listed is None:
                return
            overlap = await tx.listed.overlap(session_id)
        noted = SitemapNote(
            urls=listed.urls,
            new_urls=listed.new_urls,
            complete=listed.is_complete,
            reasons=tuple(listed.reasons),
            on_pages_too=overlap.both,
            estimated_stock=overlap.estimated_stock,
            page_coverage=overlap.page_coverage,
        )
        await self.record.note(run, RunNotes(sitemap=noted))

    async def _note_anomalies(self, run: SyncRun, scans: Sequence[SourceScan]) -> None:
        """Noted before the run goes on, so that people are told while it lasts.

        The tier's runs that were completed and read as deep say what is usual.
        """
        async with self.record.db.transaction() as tx:
            runs = await tx.runs.recent(tier_level=run.tier_level, limit=_RUNS_LOOKED_AT)
        earlier = [
            ScanShape.of(each.details.sources)
            for each in runs
            if each.id != run.id
            and each.status == "completed"
            and each.details.depths == run.details.depths
            and each.details.sources
        ]
        found = (*anomalies_of(ScanShape.of(scans), earlier), *cut_short(scans))
        for anomaly in found:
            logger.warning("run %s is unusual: %s", run.id, anomaly)
        await self.record.note(run, RunNotes(anomalies=found))

    async def _certify(self, run: SyncRun, session_id: UUID) -> None:
        certificates = await self.scans.certify(session_id)
        # Live rows are wide and indexed: only full scans are copied to them.
        await self.scans.mark_live_as_seen(session_id)
        await self.record.note(run, RunNotes(certificates=tuple(certificates)))

    async def _note_frontiers(
        self, run: SyncRun, session_id: UUID, scans: Sequence[SourceScan]
    ) -> None:
        async with self.record.db.transaction() as tx:
            met = await tx.manifest.frontiers(session_id)
            await tx.manifest.mark_moved(session_id)
        frontiers = {
            scan.source: met[scan.source] or _end_of(scan) for scan in scans if scan.source in met
        }
        await self.record.note(run, RunNotes(frontiers=frontiers))


def _end_of(scan: SourceScan) -> int | None:
    """The last page of a source that was read to its end: nothing lies beyond."""
    total = scan.declared_total
    is_whole = total is not None and scan.distinct_properties >= MIN_DISTINCT_SHARE * total
    return scan.pages_read if is_whole else None


def _scan_job(plan: TierPlan, source: str, pages: int) -> WantedJob:
    return WantedJob(
        spider="manifest",
        arguments={"source": source, "tier": str(plan.tier.value)},
        settings={
            "MANIFEST_MAX_PAGES": str(pages),
            "PAGE_DELAY_SECONDS": str(plan.page_delay_seconds),
        },
    )
