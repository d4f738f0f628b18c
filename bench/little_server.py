"""A server that costs next to nothing, so that it is the spiders that are seen."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# A whole answer to the target and the head of a GET.
Answer = Callable[[str, str], bytes]


class _Visitor(asyncio.Protocol):
    """One connection, which stays open; requests are answered in their turn."""

    def __init__(self, answer: Answer, seconds: float) -> None:
        self._answer, self._received, self._seconds = answer, b"", seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self._received = (self._received + data).split(b"\r\n\r\n")
        for head in map(bytes.decode, heads):
            answer = self._answer(head.split(" ", 2)[1], head)
            asyncio.get_running_loop().call_later(self._seconds, self._transport.write, answer)


async def serve(answer: Answer, seconds: float = 0) -> None:
    """Serves on a free port of this machine, and prints its base URL.

    Args:
        seconds: that each answer is kept back.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Visitor(answer, seconds), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@contextmanager
def running(module: str, *arguments: str) -> Iterator[str]:
    """The base URL of such a server in a process of its own."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
