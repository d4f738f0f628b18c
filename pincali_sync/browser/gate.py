"""The browser's one way out, which leads to the site and nowhere else."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import closing, suppress
from typing import Self
from urllib.parse import urlsplit

from pincali_sync.config import Config
from pincali_sync.domain.limits import Askable

logger = logging.getLogger(__name__)

_CHUNK = 64 * 1024
_SECONDS_TO_CONNECT = 5.0  # to one of the site's addresses; then the next is tried
_SECONDS_TO_ASK = 10  # the browser is on the same machine, and says at once where it wants to go

# SOCKS 5, as RFC 1928 has it: the client greets, and asks for a connection to a name.
_VERSION, _NO_PASSWORD, _CONNECT, _BY_NAME = 5, 0, 1, 3
_GRANTED, _FORBIDDEN, _UNREACHABLE = 0, 2, 4


class Gate:
    """A SOCKS proxy on loopback. Chromium resolves no name and opens no connection without it.

    What is asked for by name or by address must be the site's host and port, to the letter. The
    site's name in turn must lead to public addresses, unless the site itself is on loopback.
    """

    def __init__(self, config: Config) -> None:
        parts = urlsplit(config.pincali_base_url)
        self._site = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        self._askable = Askable.of(config)
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """Where it listens, as Chromium's `--proxy-server` takes it."""
        assert self._server is not None, "the gate is not open"
        host, port = self._server.sockets[0].getsockname()
        return f"socks5://{host}:{port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(OSError, EOFError, TimeoutError):
            wanted = await asyncio.wait_for(_wanted(reader, writer), _SECONDS_TO_ASK)
            if wanted != self._site:
                logger.info("a page wanted to reach %r: refused", wanted)
                writer.write(_reply(_FORBIDDEN))
                return
            try:
                site_reader, site_writer = await self._connect()
            except OSError as error:
                logger.info("%s", error)
                writer.write(_reply(_UNREACHABLE))
                return
            with closing(site_writer):
                writer.write(_reply(_GRANTED))
                await _carry((reader, site_writer), (site_reader, writer))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._site
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for *_, address in found:
            if objection := self._askable.objection_to_address(host, str(address[0])):
                raise OSError(objection)
            with suppress(OSError):
                connecting = asyncio.open_connection(str(address[0]), port)
                return await asyncio.wait_for(connecting, _SECONDS_TO_CONNECT)
        raise OSError(f"{host} does not answer at port {port}")


async def _wanted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """The host and port that a client asks for; an address in binary form is none we know."""
    _, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(bytes([_VERSION, _NO_PASSWORD]))
    _, command, _, kind = await reader.readexactly(4)
    if command != _CONNECT or kind != _BY_NAME:
        return "", 0
    [length] = await reader.readexactly(1)
    host = (await reader.readexactly(length)).decode("latin-1")
    return host.lower().strip("[]"), int.from_bytes(await reader.readexactly(2))


def _reply(code: int) -> bytes:
    # The address that the answer names is of no use to anybody: 0.0.0.0:0.
    return bytes([_VERSION, code, 0, 1, *bytes(6)])


async def _carry(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Both ways until either end has had enough."""
    tasks = [asyncio.ensure_future(_pass_on(*way)) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
