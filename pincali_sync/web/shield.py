"""Which requests are not answered at all, and what every response carries."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pincali_sync.config import is_loopback

_METHODS = ("GET", "HEAD", "POST")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]+)?")
_NOT_OURS = (
    "Misdirected Request: this dashboard is not asked by that name. Ask for localhost, or name "
    "its host in WEB_HOSTS and start it again.\n"
)
_AMBIGUOUS = "Bad Request: Content-Length and Transfer-Encoding contradict each other.\n"


class Shield:
    """Around the whole application, so that its errors carry the headers too.

    Only who asks for a host that is the dashboard's own is answered. Else a page of another site
    whose name is made to mean this machine ("DNS rebinding") reads it through somebody's browser.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(map(str.lower, hosts))

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

        answer = self._refusal(scope["method"], Headers(scope=scope)) or self._app
        await answer(scope, receive, send_with_headers)

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        if "content-length" in headers and "transfer-encoding" in headers:
            # Where it ends is doubtful: what follows on this connection is not read.
            return PlainTextResponse(_AMBIGUOUS, 400, {"Connection": "close"})
        if not self._is_ours(headers.getlist("host")):
            return PlainTextResponse(_NOT_OURS, 421)
        if method not in _METHODS:
            return PlainTextResponse("Method Not Allowed\n", 405, {"Allow": ", ".join(_METHODS)})
        return None

    def _is_ours(self, named: list[str]) -> bool:
        """Whether exactly one host is named, and it is ours, whatever the port."""
        found = _HOST.fullmatch(named[0].lower()) if len(named) == 1 else None
        if found is None:
            return False
        return is_loopback(f"http://{found[1]}") or found[1].strip("[]") in self._hosts
