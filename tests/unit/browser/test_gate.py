"""The browser's one way out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from pincali_sync.browser import gate
from pincali_sync.browser.gate import Gate
from pincali_sync.config import load_config

GRANTED, FORBIDDEN, UNREACHABLE = 0, 2, 4
SITE = "https://www.pincali.com"


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """The port of somebody on loopback who says what is said to them."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def ask(
    base_url: str, host: bytes, port: int, *, kind: int = 3
) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    """What the gate answers, and the connection through it."""
    async with Gate(load_config(pincali_base_url=base_url)) as opened:
        address = opened.address.removeprefix("socks5://")
        reader, writer = await asyncio.open_connection(*address.split(":"))
        name = bytes([len(host)]) * (kind == 3) + host
        writer.write(b"\5\1\0" + bytes([5, 1, 0, kind]) + name + port.to_bytes(2))
        assert await reader.readexactly(2) == b"\5\0"
        return (await reader.readexactly(10))[1], reader, writer


async def test_it_leads_to_the_site(echo: int) -> None:
    code, reader, writer = await ask(f"http://127.0.0.1:{echo}", b"127.0.0.1", echo)
    assert code == GRANTED
    writer.write(b"hello\n")
    assert await reader.read() == b"hello\n"
    writer.close()


@pytest.mark.parametrize(
    ("host", "port", "kind"),
    [
        (b"127.0.0.1", 6800, 3),
        (b"localhost", 443, 3),
        (b"www.pincali.com.evil.example", 443, 3),
        (b"www.pincali.com", 80, 3),
        (bytes([127, 0, 0, 1]), 443, 1),
        (bytes(16), 443, 4),
        (b"", 443, 3),
    ],
)
async def test_it_leads_nowhere_else(host: bytes, port: int, kind: int) -> None:
    code, reader, writer = await ask(SITE, host, port, kind=kind)
    assert code == FORBIDDEN
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
async def test_a_name_of_the_site_that_leads_home_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    async def lead_home(host: str, *_: Any, **__: Any) -> list[Any]:
        assert host == "www.pincali.com"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lead_home)
    code, _, writer = await ask(SITE, b"www.pincali.com", 443)
    assert code == UNREACHABLE
    writer.close()


@pytest.fixture
def silent(echo: int) -> Iterator[str]:
    """Another address of this machine, where a connection to the same port is never accepted."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.2", echo))
        listener.listen(0)
        for _ in range(4):  # its queue is full then
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.2", echo))
        yield "127.0.0.2"


async def test_an_address_that_is_silent_gives_way_to_the_next(
    echo: int, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    really = loop.getaddrinfo

    async def look_up(host: str, port: int, **how: Any) -> list[Any]:
        if host != "localhost":
            return await really(host, port, **how)
        addresses = [silent, "127.0.0.1"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(loop, "getaddrinfo", look_up)
    monkeypatch.setattr(gate, "_SECONDS_TO_CONNECT", 0.3)
    asking = ask(f"http://localhost:{echo}", b"localhost", echo)
    code, reader, writer = await asyncio.wait_for(asking, 10)
    assert code == GRANTED
    writer.write(b"hello\n")
    assert await reader.read() == b"hello\n"
    writer.close()
