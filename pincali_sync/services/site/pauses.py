"""Pauses: by a person, by a refusal of the site, or because too much failed.

What is refused rests, not the rest: while pages are, the sitemap is read (see `sitemap_reading`).
"""

from __future__ import annotations

import logging
from datetime import timedelta

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.site.pace import ALL, PAGES, SITEMAP, Pause, scope_of
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import BlockedError, PausedError
from pincali_sync.language import N_, _
from pincali_sync.moments import instant
from pincali_sync.services.base import Service
from pincali_sync.services.ports import SiteProbe
from pincali_sync.services.runs.run_figures import (
    MIN_RATE,
    RUNS_JUDGED,
    not_judged_yet,
    success_rate,
)

logger = logging.getLogger(__name__)

BURST = 6  # answers in a row that are of no use, to whomever: more than one page's attempts
# How long a site that was too busy is left alone; doubles as long as it stays so.
COOLING = timedelta(minutes=15)
_LONGEST_COOLING = timedelta(hours=6)


class PauseService(Service):
    """Stops and resumes tiers.

    Workers notice a pause of everything, or of what they ask for, within seconds; one of a single
    tier stops its jobs at the next tick.
    """

    async def pause(
        self,
        tier: Tier | None,
        *,
        reason: str,
        paused_by: str = "pincali-sync",
        kind: str = "person",
        rest: timedelta | None = None,
    ) -> bool:
        """Pauses one tier or (None) all; False when that is paused already.

        Args:
            kind: "person", "refused" by the site, a "busy" site, or "rate" of success too low.
            rest: after so long a good answer ends the pause; None: a person does.
        """
        scope = scope_of(tier)
        return await self._pause(scope, reason=reason, paused_by=paused_by, kind=kind, rest=rest)

    async def refused(self, what: str, *, reason: str, paused_by: str = "pincali-sync") -> bool:
        """The site refuses `PAGES`, or the `SITEMAP`: no other request for them is sent until a
        person resumes them; False when they rest already."""
        return await self._pause(what, reason=reason, paused_by=paused_by, kind="refused")

    async def _pause(
        self,
        scope: str,
        *,
        reason: str,
        paused_by: str,
        kind: str,
        rest: timedelta | None = None,
    ) -> bool:
        now = self.clock.now()
        pause = Pause(
            scope=scope,
            reason=reason,
            paused_by=paused_by,
            paused_at=now,
            kind=kind,
            resume_after=now + rest if rest else None,
        )
        return await self.db.run(lambda tx: _begin(tx, pause))

    async def pause_if_fruitless(self, tx: UnitOfWork, ended: SyncRun) -> None:
        """Too few good answers over the tier's last runs: people should look before the next.

        Part of the transaction that ends the run: nobody comes back to one that is over.
        """
        runs = await tx.runs.recent(tier_level=ended.tier_level, limit=RUNS_JUDGED)
        rate = success_rate(not_judged_yet(runs))
        if rate is None or rate >= MIN_RATE:
            return
        pause = Pause(
            scope=scope_of(ended.tier_level),
            reason=f"only {rate:.0%} of the requests of its last runs succeeded",
            paused_by="pincali-sync",
            paused_at=self.clock.now(),
            kind="rate",
        )
        if await _begin(tx, pause):
            await tx.runs.note(ended.id, RunNotes(paused_tier=True))

    async def back_off(self, *, reason: str) -> bool:
        """Back-off from a busy site: everything rests, and is tried again after a while.

        A long one while pages are refused: no page is asked for then to see whether it answers.
        """
        rest = _LONGEST_COOLING if await self.refusal_of(PAGES) else COOLING
        return await self.pause(None, reason=reason, kind="busy", rest=rest)

    async def try_again(self, probe: SiteProbe) -> bool:
        """Ends the rest of a busy site if its time is over, and that of Retry-After, and one
        request is answered well; and the refusal of pages that a person had tried (`ask_again`).

        Pages that are refused wait for a person; while a person has everything rest, nothing is
        tried.
        """
        now, pause = self.clock.now(), await self._to_be_tried()
        if pause is None or pause.resume_after is None:
            return False
        # Later than the longest rest: the clock was set back since.
        if now < pause.resume_after <= now + _LONGEST_COOLING:
            return False
        if await self.db.run(lambda tx: tx.pace.is_held(self.config.site_host)):
            return False  # a later tick's matter: this one has others than to wait for its turn
        if pause.scope == PAGES:
            return await self.reopen(probe) is None
        if await self.refusal_of(PAGES):
            return await self._end(pause)
        return await self._end_of_rest(pause, probe)

    async def _end_of_rest(self, pause: Pause, probe: SiteProbe) -> bool:
        assert pause.resume_after is not None
        try:
            wrong = await probe()
        except BlockedError as refusal:
            await self.refused(PAGES, reason=str(refusal))
            await self._end(pause)
            return False
        if wrong is None:
            logger.warning("the site answers again")
            await self.db.run(lambda tx: tx.pace.forget_refusals(self.config.site_host))
            return await self._end(pause)
        cooling = min(2 * (pause.resume_after - pause.paused_at), _LONGEST_COOLING)
        logger.warning("the site is left alone for another %s: %s", cooling, wrong)
        until = self.clock.now() + cooling  # the question may have taken its time
        await self.db.run(lambda tx: tx.pauses.postpone(pause, until))
        return False

    async def _end(self, pause: Pause) -> bool:
        """By itself, as no person asked for it: what the site asked for holds on.

        Returns:
            False where another took its place meanwhile.
        """
        ended = await self.db.run(lambda tx: tx.pauses.end(pause))
        if ended:
            logger.warning("resumed: %s", pause.scope)
        return ended

    async def _to_be_tried(self) -> Pause | None:
        """What rests for a time; but while everything does, nothing else."""
        pauses = await self.in_force()
        everything = next((each for each in pauses if each.scope == ALL), None)
        return everything or next((each for each in pauses if each.resume_after), None)

    async def ask_again(self) -> None:
        """Has the next tick send the one request that tells whether pages are shown again."""
        if pause := await self.refusal_of(PAGES):
            now = self.clock.now()
            await self.db.run(lambda tx: tx.pauses.postpone(pause, now))

    async def reopen(self, probe: SiteProbe) -> str | None:
        """Asks for one page, and ends the refusal of pages where it is shown.

        Returns:
            What is wrong; None: pages are asked for again.
        """
        pause = await self.refusal_of(PAGES)
        try:
            wrong = await probe()
        except BlockedError as refusal:
            wrong = str(refusal)
        if wrong is None:
            await self.resume(PAGES)
            return None
        logger.error("pages rest on: %s", wrong)
        if pause is not None:
            await self.db.run(lambda tx: tx.pauses.postpone(pause, None))
        return wrong

    async def resume_all(self, probe: SiteProbe) -> tuple[list[str], str | None]:
        """Ends all pauses; that of pages where the one that is asked for is shown.

        Returns:
            What goes on, and what is wrong with pages; None: nothing.
        """
        scopes = [each.scope for each in await self.in_force()]
        others = [each for each in scopes if each != PAGES]
        resumed = [one for scope in others for one in await self.resume(scope)]
        if PAGES not in scopes:
            return resumed, None
        wrong = await self.reopen(probe)
        return (resumed, wrong) if wrong else ([*resumed, PAGES], None)

    async def refusal_of(self, what: str) -> Pause | None:
        """The pause of `PAGES`, or of the `SITEMAP`, alone."""
        return await self.db.run(lambda tx: tx.pauses.of(what))

    async def resume(self, scope: str | None) -> list[str]:
        """Ends one pause or (None) all of them; returns the scopes that were paused.

        With everything, or with pages, the site's timeline begins anew: a robots.txt that was
        mended counts.
        """
        scopes = await self.db.run(lambda tx: self._resume(tx, scope))
        if scopes:
            logger.info("resumed: %s", ", ".join(scopes))
        return scopes

    async def _resume(self, tx: UnitOfWork, scope: str | None) -> list[str]:
        if scope in {None, ALL, PAGES}:
            await tx.pace.reset(self.config.site_host, self.config.site_min_gap_seconds)
        return await tx.pauses.resume(scope)

    async def in_force(self) -> list[Pause]:
        """All pauses, the oldest first."""
        return await self.db.run(lambda tx: tx.pauses.in_force())

    async def of_tier(self, tier: Tier | None) -> Pause | None:
        """The pause that holds a tier, or (None) whatever asks for pages, back."""
        own = () if tier is None else (scope_of(tier),)
        return await self.db.run(lambda tx: tx.pauses.of(*own, ALL, PAGES))

    async def of_sitemap(self) -> Pause | None:
        """The pause that holds the reading of the sitemap back."""
        return await self.db.run(lambda tx: tx.pauses.of(ALL, SITEMAP))

    async def check(self, tier: Tier | None = None) -> None:
        """Raises: PausedError: when the tier, or (None) pages, may not be asked for; says why."""
        if pause := await self.of_tier(tier):
            raise PausedError(explain(pause))

    async def what_stops_pages(self) -> BlockedError | PausedError | None:
        """The error that says why no page is asked for: the site refuses them, or they were
        paused; None: they may be."""
        pause = await self.of_tier(None)
        if pause is None:
            return None
        kind = BlockedError if pause.kind == "refused" else PausedError
        return kind(explain(pause))


async def _begin(tx: UnitOfWork, pause: Pause) -> bool:
    begun = await tx.pauses.pause(pause)
    if begun:
        # What a person asked for is no trouble.
        level = logging.INFO if pause.kind == "person" else logging.ERROR
        logger.log(level, "paused: %s (%s, by %s)", pause.scope, pause.reason, pause.paused_by)
    return begun


_PAUSED = {
    ALL: N_(
        "everything has been paused since %(when)s by %(person)s: %(reason)s; "
        "`pincali-sync resume` goes on"
    ),
    PAGES: N_(
        "whatever asks for pages has been paused since %(when)s by %(person)s: %(reason)s; "
        "`pincali-sync resume` asks for one page and goes on if it is shown"
    ),
    SITEMAP: N_(
        "the reading of the sitemap has been paused since %(when)s by %(person)s: %(reason)s; "
        "`pincali-sync resume` goes on"
    ),
}
_TIER_PAUSED = N_(
    "tier %(tier)s has been paused since %(when)s by %(person)s: %(reason)s; "
    "`pincali-sync resume --tier %(tier)s` goes on"
)


def explain(pause: Pause) -> str:
    """One line about a pause, with the way out."""
    said = _(
        _PAUSED.get(pause.scope, _TIER_PAUSED),
        tier=pause.scope.partition(":")[2],
        when=instant(pause.paused_at),
        person=pause.paused_by,
        reason=pause.reason,
    )
    if pause.resume_after is None:
        return said
    after = instant(pause.resume_after)
    return _("%(pause)s, a good answer after %(when)s does too", pause=said, when=after)
