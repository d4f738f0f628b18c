"""The stand-in's pages out of memory: a site that costs next to nothing, so that spiders are seen.

`python -m bench.cached_site ORIGIN` serves on a free port and says which. Each address is asked of
the stand-in once. Requests are answered in their turn, connections stay open.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import httpx

_LEFT_OUT = {"connection", "content-length", "date", "server", "transfer-encoding"}


class _Visitor(asyncio.Protocol):
    """One connection. Of a request only its target, `Host` and agent matter; none has a body."""

    answers: ClassVar[dict[str, bytes]] = {}
    origin: httpx.Client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._received = transport, b""

    def data_received(self, data: bytes) -> None:
        *heads, self._received = (self._received + data).split(b"\r\n\r\n")
        for head in heads:
            target = head.split(b" ", 2)[1].decode()
            if target not in self.answers:
                self.answers[target] = self._ask(target, head.decode())
            self._transport.write(self.answers[target])

    def _ask(self, target: str, head: str) -> bytes:
        host = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
        answer = self.origin.get(target, headers={"Host": host})
        lines = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"]
        lines += [f"{k}: {v}" for k, v in answer.headers.items() if k.lower() not in _LEFT_OUT]
        lines += [f"content-length: {len(answer.content)}", "", ""]
        return "\r\n".join(lines).encode() + answer.content


@contextmanager
def cached(origin: str) -> Iterator[str]:
    """The base URL of a cache before `origin`, in a process of its own."""
    command = [sys.executable, "-m", "bench.cached_site", origin]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


async def _serve(origin: str) -> None:
    _Visitor.origin = httpx.Client(base_url=origin, trust_env=False, timeout=60)
    server = await asyncio.get_running_loop().create_server(_Visitor, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
