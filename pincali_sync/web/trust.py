"""Who may decide: the token, how fast it may be guessed, and whose forms are taken."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request

from pincali_sync.language import N_, _

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 16_384
_MAX_FIELDS = 10
_WINDOW_SECONDS = 60.0
_FREE = 3  # wrong ones that cost their sender nothing
_LONGEST_PAUSE = 4  # seconds; the first is half a one, then it doubles
_AT_ONCE = 5
_MANY, _PAUSE_OF_ALL = 50, 1.0  # so many wrong ones within the window make everybody wait
_REMEMBERED = 1_000

_FROM_ELSEWHERE = N_(
    "The form was not sent from a page of this dashboard. Behind a proxy, have it pass on the "
    "Host header that the browser sent."
)
_NOT_SET = N_(
    "This dashboard decides nothing: set WEB_TOKEN (at least 16 characters) and start it again, "
    "or use the command line."
)
_WRONG = N_("That is not the token. Nothing was done. Go back and try again.")
_TOO_MANY = N_("Too many tokens at once from your address. Nothing was done. Wait, then try again.")


class TokenGuard:
    """Compares tokens in constant time. Wrong ones make their sender wait, the right one passes.

    Who sent a few wrong ones within a minute waits before the next is looked at, longer each time,
    and has few looked at at once; where many come from everywhere, everybody waits a moment. So
    nobody can close the door to others.
    """

    def __init__(
        self,
        token: str | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._token = None if token is None else token.encode()
        self._monotonic = monotonic
        self._sleep = sleep
        self._wrong: deque[tuple[float, str]] = deque(maxlen=_REMEMBERED)  # when, and from where
        self._waiting = Counter[str]()

    @property
    def is_set(self) -> bool:
        """Whether anybody may decide here."""
        return self._token is not None

    async def check(self, given: str, sender: str) -> None:
        """Lets the token pass; a wrong one is counted.

        Args:
            sender: the network that it came from, see `network_of`.

        Raises:
            HTTPException: 403 for a wrong token or where none is set; 429 where too many of the
                sender's wait already.
        """
        if self._token is None:
            raise HTTPException(403, _(_NOT_SET))
        if self._waiting[sender] >= _AT_ONCE:
            raise HTTPException(429, _(_TOO_MANY), headers={"Retry-After": str(_LONGEST_PAUSE)})
        self._waiting[sender] += 1
        try:
            await self._sleep(self._pause(sender))
        finally:
            self._waiting -= Counter([sender])
        if not hmac.compare_digest(given.encode(errors="surrogatepass"), self._token):
            self._wrong.append((self._monotonic(), sender))
            logger.warning("a wrong token came from %s", sender)
            raise HTTPException(403, _(_WRONG))

    def _pause(self, sender: str) -> float:
        """How long a token of this sender waits now, in seconds."""
        while self._wrong and self._wrong[0][0] <= self._monotonic() - _WINDOW_SECONDS:
            self._wrong.popleft()
        own = sum(each == sender for __, each in self._wrong)
        of_all = _PAUSE_OF_ALL if len(self._wrong) >= _MANY else 0.0
        return max(of_all, min(2.0 ** (own - _FREE - 1), _LONGEST_PAUSE) if own >= _FREE else 0.0)


def network_of(request: Request) -> str:
    """Where a request came from, as far as one person can choose it: of IPv6, the first half."""
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return "an unknown address"
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


async def trusted_form(request: Request, guard: TokenGuard) -> Mapping[str, str]:
    """The fields of a form whose sender may decide.

    Raises:
        HTTPException: 403 for another site's form; and what the guard raises.
    """
    if is_from_elsewhere(request):
        raise HTTPException(403, _(_FROM_ELSEWHERE))
    async with request.form(max_files=0, max_fields=_MAX_FIELDS) as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    await guard.check(fields.get("token", ""), network_of(request))
    return fields


def is_from_elsewhere(request: Request) -> bool:
    """Whether a browser says that another site's page sent this request.

    Browsers name the page's origin with every POST. Where a request has none of these headers, no
    browser sent it, and so no foreign page rides on anybody's.
    """
    own = request.headers.get("host", "").lower()
    origin = request.headers.get("origin")
    if origin is not None:
        return _host_of(origin) != own
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site not in {"same-origin", "none"}
    referer = request.headers.get("referer")
    return referer is not None and _host_of(referer) != own


def _host_of(url: str) -> str | None:
    """host[:port] of an http(s) URL; None for anything else, "null" included."""
    scheme, _, rest = url.lower().partition("://")
    return rest.partition("/")[0] if scheme in {"http", "https"} else None
