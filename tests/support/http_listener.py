"""A server on loopback that writes down what it is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class QuietHandler(BaseHTTPRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Whoever wants to know looks at what was received."""


@contextmanager
def serving(handler: type[QuietHandler]) -> Iterator[int]:
    """The port of a server on loopback that handles requests until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    serve = partial(server.serve_forever, poll_interval=0.02)  # how long `shutdown` may wait
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class HttpListener:
    """What arrived, in order, as (path, body); answers with `status`."""

    url: str = ""
    status: int = 200
    received: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)  # of each, names in lower case

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.received]


_WELL = "HTTP/1.0 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@contextmanager
def dripping(head: str = _WELL) -> Iterator[int]:
    """The port of a server that answers at once, and then sends a byte now and then for as long
    as somebody listens."""
    is_over = threading.Event()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            with suppress(OSError):
                self.wfile.write(head.encode())
                while not is_over.wait(0.05):
                    self.wfile.write(b"x")

        do_GET = do_POST  # noqa: N815

    with serving(Handler) as port:
        try:
            yield port
        finally:
            is_over.set()


@contextmanager
def http_listener() -> Iterator[HttpListener]:
    """Listens until the block ends."""
    heard = HttpListener()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            heard.headers.append({name.lower(): each for name, each in self.headers.items()})
            heard.received.append((self.path, self.rfile.read(length).decode()))
            self.send_response(heard.status)
            self.end_headers()

    with serving(Handler) as port:
        heard.url = f"http://127.0.0.1:{port}"
        yield heard
