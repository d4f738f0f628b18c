"""A watch with somebody who is told, and rows that give it something to see."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.services.insights.alerts import Watch
from pincali_sync.services.insights.metrics import samples_of
from tests.support.builders import SITE, rows
from tests.support.clock import FixedClock

DEPTHS = {"sale": 10, "rent": 10}
ALL_PAGES = {"sale": 0, "rent": 0}


@dataclass
class Listener:
    """Hears what is told; may be out of reach."""

    hears: bool = True
    told: list[tuple[str, str]] = field(default_factory=list)

    async def tell(self, title: str, body: str) -> bool:
        if self.hears:
            self.told.append((title, body))
        return self.hears

    def take(self) -> list[str]:
        """The titles since the last time."""
        titles = [title.removeprefix("Pincali Sync: ") for title, _ in self.told]
        self.told = []
        return titles


@dataclass
class Lookout:
    """The watch of one database, and whom it tells."""

    db: Database
    clock: FixedClock
    listener: Listener = field(default_factory=Listener)
    variables: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = load_config(**{"pincali_base_url": SITE, "tiers_enabled": "1,2", **self.variables})
        self.services: Services = build_services(
            config, clock=self.clock, db=self.db, notifier=self.listener
        )
        self._watch = Watch(
            self.db,
            self.clock,
            config,
            self.services.insights,
            self.services.alerts,
            self.services.feed,
            self.services.webhooks,
        )

    async def look(self) -> list[str]:
        """What people are told when it looks now."""
        assert await self._watch.look() == []
        return self.listener.take()

    async def look_after(self, **duration: float) -> list[str]:
        """The same, later, having looked before."""
        before = await self.look()
        self.clock.advance(**duration)
        return before + await self.look()

    async def samples(self) -> dict[str, float]:
        """Every value of every metric, by its key."""
        return {
            each.key: each.value for each in samples_of(await self.services.insights.snapshot())
        }


async def add_run(
    db: Database,
    started_at: datetime,
    tier: int = 1,
    status: str = "completed",
    *,
    took: timedelta = timedelta(minutes=10),
    session_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
    **counters: Any,
) -> UUID:
    """A run, over unless it is running."""
    run_id = uuid4()
    values = {
        "id": run_id,
        "tier_level": tier,
        "tier_name": f"tier {tier}",
        "status": status,
        "step": "done" if status == "completed" else "drain",
        "started_at": started_at,
        "slot_at": started_at,
        "completed_at": None if status == "running" else started_at + took,
        "session_id": session_id,
        "details": json.dumps(details or {}),
        **counters,
    }
    await rows(
        db,
        f"INSERT INTO sync_runs ({', '.join(values)}) "
        f"VALUES ({', '.join(f':{name}' for name in values)})",
        **values,
    )
    return run_id


def scanned(
    found: Mapping[str, int], depths: Mapping[str, int] = DEPTHS, *, lost: int = 0
) -> dict[str, Any]:
    """The details of a run whose scan found so many listings by source."""
    return {
        "depths": dict(depths),
        "sources": [
            {
                "source": source,
                "distinct_properties": number,
                "pages_read": 10,
                "pages_lost": lost,
                "entries": number,
                "dropped": 0,
                "new_entries": 0,
            }
            for source, number in found.items()
        ],
    }


async def add_session(db: Database, certified: Mapping[str, int], at: datetime) -> UUID:
    """A session with certificates for so many listings by source."""
    session_id = uuid4()
    await rows(
        db,
        "INSERT INTO scraping_sessions (id, base_url, started_at) VALUES (:id, 'x', :at)",
        id=session_id,
        at=at,
    )
    for source, number in certified.items():
        await rows(
            db,
            """INSERT INTO scan_certificates
                      (session_id, source, certified, proves_absence, pages_read, pages_lost,
                       distinct_properties, started_at, issued_at)
               VALUES (:id, :source, true, true, 1, 0, :number, :at, :at)""",
            id=session_id,
            source=source,
            number=number,
            at=at,
        )
    return session_id


async def add_finished(
    db: Database, now: datetime, outcomes: Sequence[tuple[str, int]], reason: str = "new_property"
) -> None:
    """Queue rows that ended a minute ago, so many of each state."""
    for status, number in outcomes:
        await rows(
            db,
            """INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason, status,
                                         queued_at, completed_at, available_at)
               SELECT :status || n, 'x', 1, :reason, CAST(:status AS varchar),
                      CAST(:now AS timestamptz) - interval '10 minutes',
                      CAST(:now AS timestamptz) - interval '1 minute', :now
                 FROM generate_series(1, :number) AS n""",
            status=status,
            reason=reason,
            now=now,
            number=number,
        )
