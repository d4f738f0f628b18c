"""The token that a decision needs, and how guesses at it are slowed down."""

from __future__ import annotations

import hmac
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

_MOST_WRONG = 5
_WINDOW_SECONDS = 60.0


class Answer(Enum):
    RIGHT = "right"
    WRONG = "wrong"
    TOO_MANY = "too many wrong ones"
    NOT_SET = "no token is set"


@dataclass(frozen=True, slots=True)
class TokenCheck:
    """What a token was found to be, and when the next may be tried."""

    answer: Answer
    retry_after_seconds: int = 0


class TokenGuard:
    """Compares tokens in constant time; five wrong ones in a minute close it for everybody.

    There are no users to tell apart, and an address is easily changed: the limit is for all.
    """

    def __init__(
        self, token: str | None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._token = None if token is None else token.encode()
        self._monotonic = monotonic
        self._wrong: deque[float] = deque(maxlen=_MOST_WRONG)

    @property
    def is_set(self) -> bool:
        return self._token is not None

    def check(self, given: str) -> TokenCheck:
        """Whether this is the token; a wrong one is counted."""
        if self._token is None:
            return TokenCheck(Answer.NOT_SET)
        now = self._monotonic()
        if len(self._wrong) == _MOST_WRONG:
            left = self._wrong[0] + _WINDOW_SECONDS - now
            if left > 0:
                return TokenCheck(Answer.TOO_MANY, retry_after_seconds=int(left) + 1)
        if hmac.compare_digest(given.encode(errors="surrogatepass"), self._token):
            return TokenCheck(Answer.RIGHT)
        self._wrong.append(now)
        return TokenCheck(Answer.WRONG)
