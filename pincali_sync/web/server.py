"""Serves the dashboard until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from pincali_sync.bootstrap import open_services
from pincali_sync.config import Config
from pincali_sync.exceptions import UsageError
from pincali_sync.web.app import create_app
from pincali_sync.web.connection import BriefConnection

_SECONDS_TO_FINISH = 5
_MOST_CONNECTIONS = 500  # of the thousand files that a process may open
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def serve(config: Config, *, host: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM; the database's connections are closed then.

    Args:
        port: 0 takes a free one.

    Raises:
        UsageError: when the port is taken, or the host is empty or not this machine's.
        DatabaseUnavailableError: when the database cannot be reached at the start.
        SchemaVersionError: when it is at another schema version.
    """
    with _listen(host, port) as listener:
        async with open_services(config) as services:
            app = create_app(services, hosts=(host,))
            await server_of(app, host=host).serve(sockets=[listener])


def server_of(app: ASGIApp, *, host: str) -> uvicorn.Server:
    """Serves an application to whoever comes, on listeners that it is given."""
    settings = uvicorn.Config(
        app,
        host=host,
        http=BriefConnection,
        ws="none",
        limit_concurrency=_MOST_CONNECTIONS,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    return _Server(settings)


class _Server(uvicorn.Server):
    """Says when it is ready, and takes a signal for an order: the program ends with status 0."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        for each in sockets or ():
            print(f"dashboard ready at http://{host}:{each.getsockname()[1]}", flush=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for each in _SIGNALS:
            loop.add_signal_handler(each, self.handle_exit, each, None)
        try:
            yield
        finally:
            for each in _SIGNALS:
                loop.remove_signal_handler(each)


def _listen(host: str, port: int) -> socket.socket:
    if not host:  # which would be every address of this machine
        raise UsageError("--host is empty: name an address, or leave it out for 127.0.0.1")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"cannot listen on {host} port {port}: {error}. Choose another with --port or --host."
        ) from error
