"""Who may decide, which requests are not answered at all, and what every response carries."""

from __future__ import annotations

import hmac
import time
from collections import deque
from collections.abc import Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = ("GET", "HEAD", "POST")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
MAX_BODY_BYTES = 16_384
_MAX_FIELDS = 10
_MOST_WRONG = 5
_WINDOW_SECONDS = 60.0

_FROM_ELSEWHERE = (
    "The form was not sent from a page of this dashboard. Behind a proxy, have it pass on the "
    "Host header that the browser sent."
)
_NOT_SET = (
    "This dashboard decides nothing: set WEB_TOKEN (at least 16 characters) and start it again, "
    "or use the command line."
)
_WRONG = "That is not the token. Nothing was done. Go back and try again."
_TOO_MANY = "Too many wrong tokens within a minute. Nothing was done. Wait, then try again."


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
        """Whether anybody may decide here."""
        return self._token is not None

    def check(self, given: str) -> None:
        """Lets the token pass; a wrong one is counted.

        Raises:
            HTTPException: 403 for a wrong token or where none is set; 429 after too many wrong
                ones.
        """
        if self._token is None:
            raise HTTPException(403, _NOT_SET)
        now = self._monotonic()
        if len(self._wrong) == _MOST_WRONG:
            left = self._wrong[0] + _WINDOW_SECONDS - now
            if left > 0:
                raise HTTPException(429, _TOO_MANY, headers={"Retry-After": str(int(left) + 1)})
        if not hmac.compare_digest(given.encode(errors="surrogatepass"), self._token):
            self._wrong.append(now)
            raise HTTPException(403, _WRONG)


async def trusted_form(request: Request, guard: TokenGuard) -> Mapping[str, str]:
    """The fields of a form whose sender may decide.

    Raises:
        HTTPException: 403 for another site's form; and what the guard raises.
    """
    if is_from_elsewhere(request):
        raise HTTPException(403, _FROM_ELSEWHERE)
    async with request.form(max_files=0, max_fields=_MAX_FIELDS) as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    guard.check(fields.get("token", ""))
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


class Shield:
    """Around the whole application, so that its errors carry the headers too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or passes it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if scope["method"] in _METHODS:
            await self._app(scope, receive, send_with_headers)
            return
        refusal = PlainTextResponse(
            "Method Not Allowed\n", status_code=405, headers={"Allow": ", ".join(_METHODS)}
        )
        await refusal(scope, receive, send_with_headers)
