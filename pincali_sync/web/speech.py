"""Which language a request is answered in."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pincali_sync import language


class Speech:
    """Around the application: what answers speaks the language that is set, else the browser's.

    Where the browser likes neither, the language of the process is spoken.
    """

    def __init__(self, app: ASGIApp, fixed: str | None) -> None:
        self._app = app
        self._fixed = fixed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; the answer says its language."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_language(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers["Content-Language"] = spoken
                    headers.add_vary_header("Accept-Language")
            await send(message)

        asked = language.accepted(Headers(scope=scope).get("accept-language", ""))
        spoken = self._fixed or asked or language.current()
        with language.speaking(spoken):
            await self._app(scope, receive, send_with_language)
