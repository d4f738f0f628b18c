"""Faults on order: which paths answer wrongly, how, and how often."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from pincali_sync.exceptions import UsageError


class FaultKind(StrEnum):
    """How a request goes wrong."""

    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    TOO_MANY = "429"
    NOT_FOUND = "404"
    TIMEOUT = "timeout"  # no answer until the client hangs up
    EMPTY = "empty"  # 200, a results page that declares listings and shows none
    FORBIDDEN = "403"
    CAPTCHA = "captcha"  # 200 with a puzzle for a person
    LOGIN = "login"  # a redirect to the login page
    CHALLENGE = "challenge"  # 202 with a script, as a firewall sends it
    CAPTCHA_AS_404 = "captcha_404"  # the puzzle, with the status of what is not there
    LOGIN_STEP = "login_step"  # 200 with the first step of the log-in
    WALL = "wall"  # 200 with a wall of one maker or another
    WALL_403 = "wall_403"  # the same with 403
    OUTAGE = "outage"  # 200, and words that gone listings have, too
    MAINTENANCE = "maintenance"  # 200, and nothing of the site
    CUT = "cut"  # 200, whole as an answer, and only the first half of the page
    CUT_CHUNKED = "cut_chunked"  # the connection ends in the middle of the page
    CUT_GZIP = "cut_gzip"  # compressed, and half of that
    FEWER_CARDS = "fewer_cards"  # a search page that lacks some of its cards


@dataclass(slots=True, kw_only=True)
class Fault:
    """An order."""

    path: str  # a prefix of path and query, or a regular expression that matches from the start
    kind: FaultKind
    times: int | None = None  # None: until it is cleared
    retry_after: int | None = None  # seconds, with 429 and 503
    every: int = 1  # of so many requests that it matches, one is hit
    seen: int = 0  # how many it matched

    def matches(self, target: str) -> bool:
        """Whether it is about a request to this path and query."""
        return target.startswith(self.path) or re.match(self.path, target) is not None

    def strikes(self) -> bool:
        """Counts a request that it matches; whether that one is hit."""
        self.seen += 1
        return self.seen % self.every == 0

    @classmethod
    def parse(cls, data: object) -> Fault:
        """Reads {"path", "kind", "times", "retry_after", "every"}.

        Raises:
            UsageError: for data that orders nothing.
        """
        if not isinstance(data, dict):
            raise UsageError("a fault is an object with path and kind")
        path, times, retry_after = (
            str(data.get("path", "/")),
            data.get("times"),
            data.get("retry_after"),
        )
        try:
            re.compile(path)
            return cls(
                path=path,
                kind=FaultKind(str(data.get("kind"))),
                times=None if times is None else int(times),
                retry_after=None if retry_after is None else int(retry_after),
                every=max(1, int(data.get("every") or 1)),
            )
        except (ValueError, TypeError, re.error) as error:
            raise UsageError(f"no such fault: {error}") from None


class Faults:
    """The orders in force; the first that matches is used."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Takes effect with the next request that it matches."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Everything is answered as it should be again."""
        self._faults.clear()

    def take(self, target: str) -> Fault | None:
        """The fault for a request to this path and query; counts as one of its times."""
        fault = next(
            (each for each in self._faults if each.matches(target) and each.strikes()), None
        )
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)
        return fault
