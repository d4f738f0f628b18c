"""How many detail workers are of use: as many as the site's pace lets work, and no more."""

from __future__ import annotations

from dataclasses import dataclass

# So much of the pace is as good as all of it: pages are counted as they are stored, in batches, and
# a turn now and then is missed.
_USED = 0.8
# A worker that brings less than half of what the others do shares something else with them: a
# processor, or the site's patience.
_ITS_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainCrew:
    """The workers that fetch details, and the pages they fetched within one length of time."""

    workers: int
    is_measured: bool  # all have been at work for that long
    pages: int
    pages_before: int  # before the youngest of them began

    def has_use_for_another(self, allowed: float) -> bool:
        """Whether these leave turns of the pace unused, and the youngest of them was of use.

        Args:
            allowed: pages that the pace lets be fetched in that time; infinite where it is off.
        """
        if not self.is_measured or self.pages >= _USED * allowed:
            return False
        if self.workers < 2:
            return True
        others = self.workers - 1
        return self.pages >= self.pages_before * (1 + _ITS_SHARE / others)
