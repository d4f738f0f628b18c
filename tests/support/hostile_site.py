"""A site on loopback that answers as it is told to, and writes down who asked for what."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.support.http_listener import QuietHandler, serving

MEGABYTE = b"\0" * 1_000_000


@dataclass(frozen=True, slots=True)
class Says:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    endless_head: bytes = b""  # header lines, repeated until the other side has enough
    endless: bytes = b""  # likewise, after the body

    @classmethod
    def moved(cls, target: str, status: int = 302) -> Says:
        return cls(status=status, headers={"Location": target})

    @classmethod
    def packed(cls, body: bytes) -> Says:
        return cls(body=gzip.compress(body, 1), headers={"Content-Encoding": "gzip"})


@dataclass
class HostileSite:
    """Answers by path, "{host}:{port}{path}" first; 404 for all others."""

    url: str = ""
    port: int = 0
    answers: dict[str, Says | Callable[[], Says]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # as "host:port/path"
    keys: list[str | None] = field(default_factory=list)  # the header X-Key of each

    @property
    def paths(self) -> list[str]:
        return ["/" + each.partition("/")[2] for each in self.asked]

    def answer(self, host: str, path: str) -> Says:
        self.asked.append(host + path)
        found = self.answers.get(host + path, self.answers.get(path, Says(404)))
        return found if isinstance(found, Says) else found()


@contextmanager
def hostile_site() -> Iterator[HostileSite]:
    """Listens until the block ends."""
    site = HostileSite()

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802
            says = site.answer(self.headers["Host"], self.path)
            site.keys.append(self.headers["X-Key"])
            self.send_response(says.status)
            for name, value in says.headers.items():
                self.send_header(name, value)
            with suppress(OSError):
                self.flush_headers()
                while says.endless_head:
                    self.wfile.write(says.endless_head)
                self.end_headers()
                self.wfile.write(says.body)
                while says.endless:
                    self.wfile.write(says.endless)

    with serving(Handler) as port:
        site.port, site.url = port, f"http://127.0.0.1:{port}"
        yield site
