"""Looks at missing listings' own pages, and judges what they answer.

GET decides: HEAD lies. At the start of a job the site shows how it answers what was never there
(invented URLs) and what certainly is (a listing seen on a page just now): without that, redirects
and pages of status 200 prove nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.queue.queue import QueuedProperty
from pincali_sync.db.repositories.removal.removals import Canary
from pincali_sync.domain.identity import property_id_of, slug_of
from pincali_sync.domain.liveness import Answer, Calibration, Judgement, RedirectKind, judge
from pincali_sync.exceptions import CalibrationError
from pincali_sync.items import Property
from pincali_sync.pages.answer import ReadAnswer, read_answer
from pincali_sync.services.ports import FetchedPage, Fetcher

_INVENTED_URLS = 2
_CANARIES = 3
# A canary must have been seen this recently, or its absence would prove nothing.
_CANARY_AGE = timedelta(days=2)
_MAX_HOPS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResult:
    """What came of looking at one listing's page."""

    queued: QueuedProperty
    answer: Answer
    judgement: Judgement
    scraped: Property | None = None  # the page itself, where it proves the listing alive


class VerificationService:
    """Judges answers. It writes nothing: see `PropertyDiffService.record_checks`."""

    def __init__(self, db: Database, clock: Clock, base_url: str) -> None:
        self._db = db
        self._clock = clock
        self._base_url = base_url

    async def calibrate(self, fetcher: Fetcher) -> Calibration:
        """Asks for URLs that never existed and for a listing that is certainly there.

        Raises:
            CalibrationError: when no listing that should be there is shown: then nothing that is
                missing can be told from a fault of the site.
        """
        invented = [
            (await self._read(fetcher, f"{self._base_url}/en/home/no-tal-propiedad-{uuid4()}"))
            for _ in range(_INVENTED_URLS)
        ]
        said = "no listing was seen lately"
        for canary in await self._canaries():
            judgement = await self._judge_canary(fetcher, canary)
            calibration = Calibration.of(judgement, [each.answer for each in invented])
            if calibration.canary_is_alive:
                return calibration
            said = f"{canary.public_id}: {judgement.evidence}"
        raise CalibrationError(
            f"a listing that should be there is not shown ({said}): nothing can be verified"
        )

    async def verify(
        self, queued: QueuedProperty, fetcher: Fetcher, calibration: Calibration
    ) -> VerificationResult:
        """Fetches one listing's page and judges the answer."""
        read = await self._follow(fetcher, self._url_of(queued.source_url))
        judgement = judge(
            read.answer,
            property_id=property_id_of(queued.source_url),
            public_id=queued.public_id,
            calibration=calibration,
        )
        return VerificationResult(
            queued=queued, answer=read.answer, judgement=judgement, scraped=read.scraped
        )

    async def _canaries(self) -> list[Canary]:
        since = self._clock.now() - _CANARY_AGE
        async with self._db.transaction() as tx:
            return await tx.removals.canaries(since=since, limit=_CANARIES)

    async def _judge_canary(self, fetcher: Fetcher, canary: Canary) -> Judgement:
        read = await self._follow(fetcher, self._url_of(canary.source_url))
        return judge(read.answer, property_id=canary.property_id, public_id=canary.public_id)

    async def _follow(self, fetcher: Fetcher, url: str) -> ReadAnswer:
        """A redirect to a listing's page is followed: the slug may be a new one."""
        read = await self._read(fetcher, url)
        hops = 0
        while read.answer.redirect_kind is RedirectKind.LISTING and hops < _MAX_HOPS:
            assert read.answer.redirect_url is not None
            read = await self._read(fetcher, self._url_of(read.answer.redirect_url))
            hops += 1
        return replace(read, answer=replace(read.answer, url=url))

    async def _read(self, fetcher: Fetcher, url: str) -> ReadAnswer:
        page: FetchedPage = await fetcher.get(url)
        if page.status is None:
            return ReadAnswer(answer=Answer(url=url, status=None, error=page.error))
        return read_answer(url, page.status, page.headers, page.body)

    def _url_of(self, source_url: str) -> str:
        """The English page below the configured site, whatever host the URL names."""
        return f"{self._base_url}/en/home/{slug_of(source_url)}"
