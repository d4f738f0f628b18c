"""Serves the stand-in on a port of this machine."""

from __future__ import annotations

import gc
import socket
from typing import Any

import uvicorn

from pincali_workshop.standin.app import create_app
from pincali_workshop.standin.options import StandinOptions

READY = "stand-in ready at "
_BACKLOG = 512
_SECONDS_TO_FINISH = 1  # of requests that hang on purpose


def serve(options: StandinOptions, host: str = "127.0.0.1", port: int = 0) -> None:
    """Serves until SIGINT or SIGTERM; says where, after `READY`, once requests are answered.

    Args:
        port: 0 takes a free one.

    Raises:
        OSError: when the port is taken.
    """
    listener = _listen(host, port)
    base_url = f"http://{host}:{listener.getsockname()[1]}"
    app = create_app(options)
    gc.freeze()  # its stock stays: nobody need look through it for garbage
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    server = _AnnouncingServer(config, base_url)
    with listener:
        server.run(sockets=[listener])


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, base_url: str) -> None:
        super().__init__(config)
        self._base_url = base_url

    async def startup(self, sockets: list[socket.socket] | None = None, **kwargs: Any) -> None:
        await super().startup(sockets=sockets, **kwargs)
        print(f"{READY}{self._base_url}", flush=True)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)
