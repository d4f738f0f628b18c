"""Last: how often a removal was wrong, measured: each week some are looked at again.

Drawn from removals that no scan has taken back: what the scans saw again is relisted by then and
no mistake that anybody has to look for. A listing whose page is there counts as a false positive,
although it may have come back since the last scan. Its page is saved, so the mistake ends with it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from pincali_sync.db.repositories.queue.filling import Filling
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.schedule import SITE_ZONE
from pincali_sync.services.base import Service, in_transaction

# Drawn from what was removed this recently: later on, what comes back was relisted.
_DRAWN_FROM = timedelta(days=8)
# A draw that found no place in the queue, or was set aside, is tried again for so long.
_TRIED_FOR = timedelta(weeks=2)
_PRIORITY = 5


class RemovalAuditService(Service):
    """Draws removals and has the verification spider look at them."""

    @in_transaction
    async def draw(self, tx: UnitOfWork) -> int:
        """Draws this week's removals, once a week however often it is asked; returns how many."""
        now = self.clock.now()
        return await tx.audits.draw(
            _week_of(now),
            removed_since=now - _DRAWN_FROM,
            size=self.config.removal_audit_size,
            now=now,
        )

    @in_transaction
    async def queue_waiting(self, tx: UnitOfWork, run_id: UUID | None = None) -> int:
        """Queues the drawn ones that nobody looked at yet; returns how many rows are new."""
        now = self.clock.now()
        waiting = await tx.audits.waiting(drawn_since=now - _TRIED_FOR, now=now)
        if not waiting:
            return 0
        return await tx.queue_fill.fill_named(
            waiting,
            Filling.of(self.config, run_id, now=now),
            priority=_PRIORITY,
            reason="removal_audit",
        )


def _week_of(moment: datetime) -> date:
    """The Monday of a moment's week, where the site is."""
    local = moment.astimezone(SITE_ZONE).date()
    return local - timedelta(days=local.weekday())
