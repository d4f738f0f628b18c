"""The stand-in as an ASGI application."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pincali_sync.exceptions import UsageError
from pincali_workshop.standin.control_routes import CONTROL, bad_request, control_routes
from pincali_workshop.standin.faults import Fault, FaultKind
from pincali_workshop.standin.faulty_answers import faulty_answer
from pincali_workshop.standin.mangling import send_mangled
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.public_routes import base_url_of, not_found, public_routes
from pincali_workshop.standin.site import Site

_MANGLING = {FaultKind.CUT, FaultKind.CUT_CHUNKED, FaultKind.CUT_GZIP, FaultKind.FEWER_CARDS}


def create_app(options: StandinOptions) -> ASGIApp:
    """The whole site with its control routes, in the state of `options.start`."""
    site = Site(options)
    site.board()  # made before anybody waits for it
    routes = Starlette(
        routes=[*public_routes(site), *control_routes(site)],
        exception_handlers={404: not_found, UsageError: bad_request},
    )
    return Visitors(routes, site)


class Visitors:
    """Logs every request but those to the control routes, and answers the ordered faults."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Notes a request of a visitor, and what it was answered."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        arrival, wall, status = time.monotonic(), datetime.now(UTC).isoformat(), None
        site_time, fault = self._site.clock.now(), self._site.faults.take(_target(scope))

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._answer(fault, scope, receive, send_and_note)
        finally:
            self._site.log.add(
                method=scope["method"],
                path=_target(scope),
                status=status,
                monotonic=arrival,
                wall=wall,
                site_time=site_time.isoformat(),
                fault=None if fault is None else str(fault.kind),
                user_agent=Headers(scope=scope).get("user-agent", ""),
                cookies=Headers(scope=scope).get("cookie", ""),
            )

    async def _answer(
        self, fault: Fault | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind in _MANGLING:
            await send_mangled(self._app, fault.kind, scope, receive, send)
        elif fault.kind is FaultKind.TIMEOUT:
            await _until_hung_up(receive)
        else:
            response = faulty_answer(fault, _target(scope), base_url_of(Request(scope)))
            await response(scope, receive, send)


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


async def _until_hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
