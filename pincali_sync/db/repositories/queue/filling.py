"""What everything that fills the queue is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pincali_sync.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """For which run rows are queued, when, and how many the queue may hold."""

    run_id: UUID | None
    max_pending: int
    now: datetime

    @classmethod
    def of(cls, config: Config, run_id: UUID | None, *, now: datetime) -> Filling:
        """Up to the configured ceiling."""
        return cls(run_id=run_id, max_pending=config.queue_max_pending, now=now)
