"""One job's look at the pages of missing listings, between listings that are certainly there.

A fault that begins in the middle of a job makes listings look gone as well as one that was there
before. So what would remove a listing is kept back until a listing that must be there was shown
after it; where that is not shown, nothing since the last one was proven, and the job ends. What is
kept is as old as the look: a listing may be back before its proof is stored.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

from pincali_sync.answers.detail import detail_url, led_to
from pincali_sync.clock import Clock
from pincali_sync.config import Config
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.domain.identity import property_id_of
from pincali_sync.domain.limits import MAX_MOVES
from pincali_sync.domain.liveness import (
    NO_CALIBRATION,
    Answer,
    Calibration,
    Judgement,
    Verdict,
    judge,
)
from pincali_sync.exceptions import BlockedError, CalibrationError
from pincali_sync.items import QueuedProperty
from pincali_sync.pages.answer import ReadAnswer, read_answer
from pincali_sync.pages.own_page import what_is_missing
from pincali_sync.services.ports import Fetcher

# The next pages to look at; empty when there are none.
Claim = Callable[[], Awaitable[Sequence[QueuedProperty]]]
# What the page at a URL says of its listing's being there. Raises: BlockedError: as `Fetcher.get`.
Read = Callable[[str], Awaitable[ReadAnswer]]

_INVENTED_URLS = 2
_CANARIES = 3  # asked at most, before the site is in doubt
_MOST_KEPT_BACK = 24  # a canary for so many pages


@dataclass(frozen=True, slots=True)
class Lookout:
    """Looks at pages; writes nothing."""

    config: Config
    clock: Clock
    read: Read
    canaries: Iterator[QueuedProperty]  # without an end, where there are any
    asked: Counter[str] = field(default_factory=Counter)  # canaries, by record: how often

    async def look(self, claim: Claim) -> AsyncIterator[list[VerificationResult]]:
        """Judges what it claims until nothing is left; what comes out is proven.

        Raises:
            CalibrationError: when the site does not even show what is certainly there. What was
                judged since it last did comes out as unknown before.
            BlockedError: when the site refuses us. What removes nothing comes out before.
        """
        batch = await claim()
        if not batch:
            return
        calibration = await self.calibrate()
        judged: list[VerificationResult] = []
        while batch:
            looked_at = [self.verify(queued, calibration) for queued in batch]
            answers = await asyncio.gather(*looked_at, return_exceptions=True)
            judged += [each for each in answers if isinstance(each, VerificationResult)]
            failed = [each for each in answers if isinstance(each, BaseException)]
            if failed:
                yield _removing_nothing(judged)
                raise failed[0]
            batch = await claim()
            if not batch or len(judged) >= _MOST_KEPT_BACK:
                async for proven in self._prove(judged):
                    yield proven
                judged = []

    async def _prove(
        self, judged: list[VerificationResult]
    ) -> AsyncIterator[list[VerificationResult]]:
        try:
            if any(each.judgement.verdict.removes for each in judged):
                await self._ask_canaries()
        except CalibrationError as error:
            yield [_in_doubt(each, error) for each in judged]
            raise
        except BlockedError:
            yield _removing_nothing(judged)
            raise
        yield judged

    async def calibrate(self) -> Calibration:
        """Asks for URLs that never existed and for a listing that is certainly there.

        Raises:
            CalibrationError: when no listing that should be there is shown: then nothing that is
                missing can be told from a fault of the site.
        """
        root = f"{self.config.pincali_base_url}/en/home/no-tal-propiedad-"
        invented = [(await self._follow(f"{root}{uuid4()}")).answer for _ in range(_INVENTED_URLS)]
        return Calibration.of(invented, await self._ask_canaries())

    async def _ask_canaries(self) -> list[Answer]:
        """Most of those that are asked must be shown: one may be gone since it was seen."""
        answers: list[Answer] = []
        shown, said = 0, "no listing was seen lately"
        for _, canary in zip(range(_CANARIES), self.canaries, strict=False):
            looked_at = await self._ask(canary)
            answers.append(looked_at.answer)
            if looked_at.judgement.verdict is Verdict.ALIVE:
                shown += 1
            else:
                said = f"{canary.public_id}: {looked_at.judgement.evidence}"
            if 2 * shown > len(answers):
                return answers
        raise CalibrationError(
            f"a listing that should be there is not shown ({said}): nothing can be verified"
        )

    async def _ask(self, canary: QueuedProperty) -> VerificationResult:
        """What is not shown is asked for again: what comes and goes is no proof of anything."""
        first = await self._see(canary)
        if first.judgement.verdict is Verdict.ALIVE:
            return first
        second = await self._see(canary)
        if second.judgement.verdict is Verdict.ALIVE and not first.judgement.may_change:
            raise CalibrationError(
                f"a listing that should be there is shown at times only ({canary.public_id}: "
                f"{first.judgement.evidence}): nothing can be verified"
            )
        return second

    async def _see(self, canary: QueuedProperty) -> VerificationResult:
        self.asked[canary.property_id] += 1
        return await self.verify(canary, NO_CALIBRATION)

    async def verify(self, queued: QueuedProperty, calibration: Calibration) -> VerificationResult:
        """Fetches one listing's page and judges the answer."""
        read = await self._follow(detail_url(self.config.pincali_base_url, queued.source_url))
        looked_at = self.clock.now()
        judgement = judge(
            read.answer,
            property_id=property_id_of(queued.source_url),
            public_id=queued.public_id,
            calibration=calibration,
        )
        return VerificationResult(
            queued=queued,
            answer=read.answer,
            judgement=judgement,
            scraped=read.scraped,
            looked_at=looked_at,
        )

    async def _follow(self, url: str) -> ReadAnswer:
        """A redirect to a listing's page is followed: the slug may be a new one."""
        read = await self.read(url)
        following = led_to(url, read.answer.redirect_url)
        for _ in range(MAX_MOVES):
            if following is None:
                break
            read = await self.read(following)
            following = led_to(following, read.answer.redirect_url)
        return replace(read, answer=replace(read.answer, url=url))


async def read_page(fetcher: Fetcher, url: str) -> ReadAnswer:
    """A `Read` of what a fetcher gets."""
    page = await fetcher.get(url)
    if page.status is None:
        return ReadAnswer(answer=Answer(url=url, status=None, error=page.error))
    read = read_answer(url, page.status, page.headers, page.body)
    missing = what_is_missing(page)
    if missing is not None and read.answer.refusal is None:
        return ReadAnswer(answer=Answer(url=url, status=page.status, error=missing))
    return read


def _removing_nothing(results: Sequence[VerificationResult]) -> list[VerificationResult]:
    return [each for each in results if not each.judgement.verdict.removes]


def _in_doubt(result: VerificationResult, doubt: CalibrationError) -> VerificationResult:
    if not result.judgement.verdict.removes:
        return result
    evidence = f"{result.judgement.evidence}; but then {doubt}"
    unknown = Judgement(verdict=Verdict.UNKNOWN, evidence=evidence, may_change=True)
    return replace(result, judgement=unknown)
