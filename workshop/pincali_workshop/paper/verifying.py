"""Verification on paper: the judgement is the product's, only the answers are read nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import cast

from pincali_sync.items import QueuedProperty
from pincali_sync.pages.answer import ReadAnswer
from pincali_sync.services.ports import Fetcher
from pincali_sync.services.removal.looking import Lookout
from pincali_sync.services.removal.verification import VerificationService
from pincali_workshop.paper.reading import PaperReader


class PaperLookout(Lookout):
    """A lookout that is told what pages say."""

    async def _read(self, url: str) -> ReadAnswer:
        return await cast(PaperReader, self.fetcher).read(url)


class PaperVerification(VerificationService):
    """The service with that lookout."""

    def lookout(self, fetcher: Fetcher, canaries: Sequence[QueuedProperty]) -> Lookout:
        """Who looks at the pages of one job."""
        return PaperLookout(self.config, fetcher, cycle(canaries))
