"""The stand-in's pages out of memory: each address is asked of it once.

`python -m bench.cached_site ORIGIN SECONDS` serves on a free port and says which.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractContextManager

import httpx

from bench.little_server import running, serve

_LEFT_OUT = {"connection", "content-length", "date", "server", "transfer-encoding"}


class _Cache:
    def __init__(self, origin: str) -> None:
        self._origin = httpx.Client(base_url=origin, trust_env=False, timeout=60)
        self._answers: dict[str, bytes] = {}

    def answer(self, target: str, head: str) -> bytes:
        if target not in self._answers:
            self._answers[target] = self._ask(target, head)
        return self._answers[target]

    def _ask(self, target: str, head: str) -> bytes:
        host = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
        answer = self._origin.get(target, headers={"Host": host})
        lines = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"]
        lines += [f"{k}: {v}" for k, v in answer.headers.items() if k.lower() not in _LEFT_OUT]
        lines += [f"content-length: {len(answer.content)}", "", ""]
        return "\r\n".join(lines).encode() + answer.content


def cached(origin: str, seconds: float = 0) -> AbstractContextManager[str]:
    """The base URL of a cache before `origin`, which keeps each answer back for so long."""
    return running("bench.cached_site", origin, str(seconds))


if __name__ == "__main__":
    asyncio.run(serve(_Cache(sys.argv[1]).answer, float(sys.argv[2])))
