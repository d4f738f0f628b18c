"""What commands, pages and alerts show, where that takes more than one look. It writes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.insights.dossier import Change
from pincali_sync.db.repositories.prices.price_change import PriceReview
from pincali_sync.db.repositories.queue.queue_rows import QueueRow
from pincali_sync.db.repositories.removal.checks import RemovalCheck
from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.identity import property_id_of
from pincali_sync.domain.names import words
from pincali_sync.exceptions import PageError, UsageError
from pincali_sync.language import _
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.insights.snapshot import Snapshot, read_snapshot
from pincali_sync.services.runs.run_figures import RunProgress, progress_of

_RUNS_COMPARED = 20
_LONGEST_NAME = 2_000
_BEGINNING = r"pincali_[\w-]{4,}"  # of a property_id: far enough for it to be no slug's
_IDS = {
    "run": ("sync_runs", "pincali-sync history"),
    "job": ("sync_run_jobs", "pincali-sync history RUN"),
    "batch": ("removal_batches", "pincali-sync removals list"),
    "review": ("price_reviews", "pincali-sync reviews list"),
    "candidate": ("identity_candidates", "pincali-sync candidates list"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything known of one record: what it is, why it is queued, why it was removed."""

    property_id: str
    live: Mapping[str, Any] | None
    broken_rules: tuple[str, ...]  # of the validation rules, by the live row
    manifest: Mapping[str, Any] | None
    aliases: tuple[Mapping[str, Any], ...]
    queue: tuple[QueueRow, ...]
    checks: tuple[RemovalCheck, ...]
    reviews: tuple[PriceReview, ...]
    changes: tuple[Change, ...]
    sightings: tuple[Mapping[str, Any], ...]
    certificates: tuple[Mapping[str, Any], ...]  # of the scan that missed it last
    sitemap: tuple[Mapping[str, Any], ...]


class InsightsService(Service):
    """Reads what commands, pages, metrics, alerts and reports present."""

    async def snapshot(self, *, whole: bool = True) -> Snapshot:
        """The present in one go; see `read_snapshot`."""
        async with self.db.repeatable_read() as tx:
            return await read_snapshot(tx, self.config, self.clock.now(), whole=whole)

    async def find_run(self, prefix: str) -> SyncRun:
        """The run whose id begins so. Raises as `id_of` does."""
        run_id = await self.id_of("run", prefix)
        run = await self.db.run(lambda tx: tx.runs.get(run_id))
        if run is None:  # deleted meanwhile
            raise UsageError(_("no run begins with %(text)s", text=repr(prefix)))
        return run

    @in_transaction
    async def jobs_of(self, tx: UnitOfWork, prefix: str) -> list[Job]:
        """A run's jobs in their order, or the one job whose id begins so.

        Raises:
            UsageError: when there is neither, or more than one.
        """
        runs = await tx.dossier.ids(_IDS["run"][0], prefix)
        jobs = await tx.dossier.ids(_IDS["job"][0], prefix)
        if len(runs) + len(jobs) > 1:
            found = [*map(str, runs), *map(str, jobs)]
            raise UsageError(_unclear(prefix, found))
        if runs:
            return await tx.jobs.of_run(runs[0])
        job = await tx.jobs.get(jobs[0]) if jobs else None
        if job is None:
            raise UsageError(
                _(
                    "no run or job begins with %(text)s: see `pincali-sync history`",
                    text=repr(prefix),
                )
            )
        return [job]

    @in_transaction
    async def id_of(self, tx: UnitOfWork, what: str, prefix: str) -> UUID:
        """The id that begins so.

        Args:
            what: whose: "run", "job", "batch", "review" or "candidate".

        Raises:
            UsageError: when there is none, or more than one.
        """
        table, listed = _IDS[what]
        found = await tx.dossier.ids(table, prefix)
        if len(found) > 1:
            raise UsageError(_unclear(prefix, list(map(str, found))))
        if not found:
            raise UsageError(
                _(
                    "no %(what)s id begins with %(text)s: `%(command)s` lists them",
                    what=words(what),
                    text=repr(prefix),
                    command=listed,
                )
            )
        return found[0]

    @in_transaction
    async def record_of(self, tx: UnitOfWork, name: str) -> str:
        """The property_id that an id or its beginning, an alias, a URL, a slug or an EasyBroker id
        means.

        Raises:
            UsageError: when it means none, or is the beginning of more than one.
        """
        property_id = None
        if len(name) <= _LONGEST_NAME and "\x00" not in name:  # PostgreSQL has no text with that
            property_id = await tx.identities.resolve(
                name.strip(), computed_id=_computed_id(name.strip())
            )
        if property_id is None and re.fullmatch(_BEGINNING, name.strip()):
            found = await tx.dossier.records(name.strip())
            if len(found) > 1:
                raise UsageError(_unclear(name, found))
            property_id = next(iter(found), None)
        if property_id is None:
            raise UsageError(
                _(
                    "%(name)s is no record: give its property_id, EB id, URL or slug",
                    name=repr(name),
                )
            )
        return property_id

    async def explain(self, name: str, limit: int = 20) -> Dossier:
        """What is known of the record that a name means. Raises as `record_of` does."""
        property_id = await self.record_of(name)
        return await self._dossier(property_id, limit)

    @in_transaction
    async def _dossier(self, tx: UnitOfWork, property_id: str, limit: int) -> Dossier:
        rules = await tx.quality.rules()
        return Dossier(
            property_id=property_id,
            live=await tx.dossier.live(property_id),
            broken_rules=tuple(await tx.oddities.broken_by(property_id, rules)),
            manifest=await tx.dossier.manifest(property_id),
            aliases=tuple(await tx.identities.aliases(property_id)),
            queue=tuple(await tx.queue_rows.of_property(property_id, limit=limit)),
            checks=tuple(await tx.checks.of_property(property_id, limit=limit)),
            reviews=tuple(await tx.reviews.of_property(property_id, limit=limit)),
            changes=tuple(await tx.dossier.changes(property_id, limit=limit)),
            sightings=tuple(await tx.dossier.sightings(property_id, limit=limit)),
            certificates=tuple(await tx.dossier.certificates(property_id)),
            sitemap=tuple(await tx.dossier.sitemap(property_id)),
        )

    @in_transaction
    async def progress(self, tx: UnitOfWork) -> list[RunProgress]:
        """How far each open run has come."""
        return [
            progress_of(
                run,
                await tx.sessions.pages_of(run.session_id),
                await tx.queue.of_run(run.id),
                await tx.runs.recent(tier_level=run.tier_level, limit=_RUNS_COMPARED),
            )
            for run in await tx.runs.open_runs()
        ]


def _unclear(prefix: str, found: Sequence[str]) -> str:
    known = {"text": repr(prefix), "found": ", ".join(found)}
    return _("%(text)s begins more than one: %(found)s; say more of it", **known)


def _computed_id(name: str) -> str | None:
    for url in (name, f"/en/home/{name}"):
        try:
            return property_id_of(url)
        except PageError:
            continue
    return None
