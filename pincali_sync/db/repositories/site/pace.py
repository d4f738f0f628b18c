"""When the site may be asked: its timeline, by anyone; and what rests until it is resumed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from pincali_sync.db.repositories.base import Repository

# What rests beside single tiers: everything, or requests of one kind. Robots.txt is of none.
ALL, PAGES, SITEMAP = "all", "pages", "sitemap"


def scope_of(tier_level: int | None) -> str:
    """The scope of one tier, or (None) of everything."""
    return ALL if tier_level is None else f"tier:{tier_level}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why a scope rests, and since when."""

    scope: str  # "all", "pages", "sitemap" or "tier:2"
    reason: str
    paused_by: str
    paused_at: datetime
    kind: str = "person"  # person, refused (by the site), busy (the site), rate (of success)
    resume_after: datetime | None = None


def refused_since(pauses: Iterable[Pause]) -> datetime | None:
    """Since when the site refuses pages; None: it does not."""
    return next((each.paused_at for each in pauses if each.scope == PAGES), None)


_PAUSES = f"SELECT {', '.join(Pause.__dataclass_fields__)} FROM sync_pauses"
_PAUSED = f"""(SELECT reason FROM sync_pauses
    WHERE scope IN ('{ALL}', CAST(:asks AS text)) ORDER BY scope LIMIT 1)"""

# The database's own clock, not the caller's: workers on several nodes share this timeline, and
# their clocks differ. The slot is taken by the statement itself, so two callers never share one:
# the generic cell rate algorithm with a burst of one (ITU-T I.371).
#
# That clock itself may be set, or be another server's. Back: the row was written in the future.
# Forward: it is later than the caller, who counted on, expects, and nobody wrote since. Either way
# turns and holds keep their distance from now: nothing comes sooner, and nobody waits for hours.
_MOVED_BACK = "least(interval '0', clock_timestamp() - p.written_at)"
_MOVED = f"""CASE WHEN p.written_at < CAST(:expected AS timestamptz) + interval '1 second'
                   AND clock_timestamp() > CAST(:expected AS timestamptz) + interval '1 second'
                  THEN clock_timestamp() - CAST(:expected AS timestamptz)
                  ELSE {_MOVED_BACK} END"""
_RESERVE = f"""
INSERT INTO site_pace AS p (host, next_free_at, written_at)
VALUES (:host, clock_timestamp() + make_interval(secs => :gap), clock_timestamp())
ON CONFLICT (host) DO UPDATE
   SET next_free_at = greatest(p.next_free_at + {_MOVED}, clock_timestamp())
                      + make_interval(secs => :gap),
       held_until = p.held_until + {_MOVED}, written_at = clock_timestamp()
RETURNING CAST(extract(epoch FROM next_free_at - make_interval(secs => :gap) - clock_timestamp())
               AS double precision) AS wait_seconds, held_until, {_PAUSED} AS paused,
          clock_timestamp() AS at
"""
_LOOK = f"""
SELECT {_PAUSED} AS paused, (SELECT held_until FROM site_pace WHERE host = :host) AS held_until
"""
_IS_HELD = f"""
SELECT p.held_until + {_MOVED_BACK} > clock_timestamp() FROM site_pace p WHERE host = :host
"""

_HOLD = f"""
INSERT INTO site_pace AS p (host, next_free_at, held_until, written_at)
VALUES (:host, clock_timestamp() + make_interval(secs => :seconds),
        clock_timestamp() + make_interval(secs => :seconds), clock_timestamp())
ON CONFLICT (host) DO UPDATE
   SET next_free_at = greatest(p.next_free_at + {_MOVED_BACK}, excluded.next_free_at),
       held_until = greatest(p.held_until + {_MOVED_BACK}, excluded.held_until),
       written_at = clock_timestamp()
"""
# Turns that were given out before are given up, as after a hold.
_RESET = """
UPDATE site_pace
   SET next_free_at = least(next_free_at, clock_timestamp() + make_interval(secs => :gap)),
       held_until = clock_timestamp(), written_at = clock_timestamp(), strikes = 0
 WHERE host = :host
"""
# What several workers are told at once is one refusal: those that were on their way when the hold
# began count no second time. Long after a hold a refusal is the first of a new row.
_COUNT_REFUSAL = """
INSERT INTO site_pace AS p (host, next_free_at, strikes, held_until)
VALUES (:host, clock_timestamp(), 1, clock_timestamp())
ON CONFLICT (host) DO UPDATE
   SET strikes = CASE WHEN p.held_until > clock_timestamp() THEN p.strikes
                      WHEN p.held_until < clock_timestamp() - interval '10 minutes' THEN 1
                      ELSE p.strikes + 1 END
RETURNING strikes
"""


_SEE_PAGE_CAP = """
INSERT INTO site_pace AS p (host, next_free_at, page_cap)
VALUES (:host, clock_timestamp(), :page_cap)
ON CONFLICT (host) DO UPDATE SET page_cap = excluded.page_cap
 WHERE p.page_cap IS DISTINCT FROM excluded.page_cap
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A slot on the timeline, or how that looks without taking one."""

    wait_seconds: float = 0.0  # from now; 0 or less: now
    held_until: datetime | None  # the hold that the slot takes into account
    paused: str | None  # why such requests rest
    at: datetime | None = None  # when it was taken


class PaceRepository(Repository):
    """Reserves request times."""

    async def reserve(
        self, host: str, gap_seconds: float, *, asks: str, expected: datetime | None = None
    ) -> Reservation:
        """Takes the next free slot and keeps `gap_seconds` clear after it.

        Args:
            asks: for `PAGES` or the `SITEMAP`.
            expected: what the clock should show, as the caller counts since its last slot.
        """
        given = {"gap": gap_seconds, "asks": asks, "expected": expected}
        return await self._one(Reservation, _RESERVE, host=host, **given)

    async def look(self, host: str, *, asks: str) -> Reservation:
        """Whether such requests rest, and until when the site is left alone."""
        return await self._one(Reservation, _LOOK, host=host, asks=asks)

    async def hold(self, host: str, seconds: float) -> None:
        """Gives out no slot before `seconds` from now."""
        await self._run(_HOLD, host=host, seconds=seconds)

    async def is_held(self, host: str) -> bool:
        """Whether the rest that the site asked for goes on."""
        return bool(await self._scalar(_IS_HELD, host=host))

    async def reset(self, host: str, gap_seconds: float) -> None:
        """Forgets what the site asked for: the next slot is a gap from now at the latest."""
        await self._run(_RESET, host=host, gap=gap_seconds)

    async def count_refusal(self, host: str) -> int:
        """Counts a refusal; returns how many there were since the last good answer."""
        return await self._number(_COUNT_REFUSAL, host=host)

    async def forget_refusals(self, host: str) -> None:
        """A good answer: refusals are counted from the start again."""
        statement = "UPDATE site_pace SET strikes = 0 WHERE host = :host AND strikes > 0"
        await self._run(statement, host=host)

    async def page_cap(self, host: str) -> int | None:
        """How many pages of a query the site was seen to show; None: nobody had to look."""
        seen: int | None = await self._scalar(
            "SELECT page_cap FROM site_pace WHERE host = :host", host=host
        )
        return seen

    async def see_page_cap(self, host: str, page_cap: int) -> bool:
        """Keeps what was seen; whether that is news."""
        return await self._count(_SEE_PAGE_CAP, host=host, page_cap=page_cap) > 0


# While somebody asks the site, a person may pause what rests already, or it is refused.
_AS_SEEN = "WHERE scope = :scope AND kind = :kind AND paused_at = :paused_at"


def _seen(pause: Pause) -> dict[str, object]:
    return {"scope": pause.scope, "kind": pause.kind, "paused_at": pause.paused_at}


class PauseRepository(Repository):
    """SQL of `sync_pauses`: what must not be started until a person resumes it."""

    async def pause(self, pause: Pause) -> bool:
        """Pauses a scope; False when it rests already: the first reason stands.

        But a busy site that then refuses us is not tried again by itself.
        """
        statement = """INSERT INTO sync_pauses AS p
                   (scope, reason, paused_by, paused_at, kind, resume_after)
            VALUES (:scope, :reason, :paused_by, :paused_at, :kind, :resume_after)
            ON CONFLICT (scope) DO UPDATE
               SET reason = excluded.reason, paused_by = excluded.paused_by,
                   paused_at = excluded.paused_at, kind = excluded.kind,
                   resume_after = excluded.resume_after
             WHERE p.kind = 'busy' AND excluded.kind <> 'busy'"""
        return await self._count(statement, **asdict(pause)) > 0

    async def postpone(self, pause: Pause, resume_after: datetime | None) -> None:
        """When it is tried again whether the site answers; None: when a person says so.

        Nothing where another pause took its place since it was seen.
        """
        statement = f"UPDATE sync_pauses SET resume_after = :resume_after {_AS_SEEN}"
        await self._run(statement, resume_after=resume_after, **_seen(pause))

    async def end(self, pause: Pause) -> bool:
        """Ends a pause; False where another took its place since it was seen."""
        return await self._count(f"DELETE FROM sync_pauses {_AS_SEEN}", **_seen(pause)) > 0

    async def resume(self, scope: str | None) -> list[str]:
        """Ends one pause or (None) all of them; returns the scopes that were paused."""
        statement = """DELETE FROM sync_pauses
             WHERE CAST(:scope AS text) IS NULL OR scope = CAST(:scope AS text)
            RETURNING scope"""
        rows = await self._run(statement, scope=scope)
        return sorted(row.scope for row in rows)

    async def in_force(self) -> list[Pause]:
        """All pauses, the oldest first."""
        return await self._all(Pause, f"{_PAUSES} ORDER BY paused_at, scope")

    async def of(self, *scopes: str) -> Pause | None:
        """The pause of one of these scopes: of the first that has one."""
        statement = f"""{_PAUSES} WHERE scope = ANY(:scopes)
             ORDER BY array_position(CAST(:scopes AS text[]), CAST(scope AS text)) LIMIT 1"""
        return await self._first(Pause, statement, scopes=list(scopes))
