"""A site whose pages try to reach a neighbour on loopback, who counts whoever comes."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Headers = dict[str, str]

# A script of the site itself that takes its time: what runs before it has time to reach somebody.
_WAIT = '<script src="/slow.js"></script>'
_POSTED = """
<form id="{way}" method="post" enctype="multipart/form-data" target="{target}"
action="{to}/{way}"><input name="egg"></form><script>document.forms['{way}'].submit()</script>"""
_WORKER = "new {kind}(URL.createObjectURL(new Blob([`fetch('{to}/{way}',{mode:'no-cors'})`])))"


def _script(text: str) -> str:
    return "<script>try {" + text + "} catch (e) {}</script>"


# By name, what a page does to get to {to} and stays what it is: in markup, and by script.
STANDING_WAYS = {
    "iframe": '<iframe src="{to}/{way}"></iframe>',
    "iframe_by_redirect": '<iframe src="/to-neighbour/{way}"></iframe>',
    "image": '<img src="{to}/{way}">',
    "stylesheet": '<link rel="stylesheet" href="{to}/{way}">',
    "object": '<object data="{to}/{way}"></object>',
    "video": '<video src="{to}/{way}" autoplay></video>',
    "preload": '<link rel="preload" as="script" href="{to}/{way}">',
    "preconnect": '<link rel="preconnect" href="{to}">',
    "script_elsewhere": '<script src="{to}/{way}"></script>',
    "script_by_redirect": '<script src="/to-neighbour/{way}"></script>',
    "fetch": _script("fetch('{to}/{way}', {mode: 'no-cors'})"),
    "fetch_by_redirect": _script("fetch('/to-neighbour/{way}', {mode: 'no-cors'})"),
    "keepalive": _script("fetch('{to}/{way}', {mode:'no-cors', keepalive:true, method:'POST'})"),
    "beacon": _script("navigator.sendBeacon('{to}/{way}', 'x')"),
    "websocket": _script("new WebSocket('ws://{address}/{way}')"),
    "event_source": _script("new EventSource('{to}/{way}')"),
    "web_transport": _script("new WebTransport('https://{address}/{way}')"),
    "worker": _script(_WORKER.replace("{kind}", "Worker")),
    "shared_worker": _script(_WORKER.replace("{kind}", "SharedWorker")),
    "shared_worker_of_site": _script("new SharedWorker('/worker.js')"),
    "service_worker": _script("navigator.serviceWorker.register('/worker.js')"),
    "window": _script("window.open('{to}/{way}')"),
    "window_without_opener": _script("window.open('{to}/{way}', '_blank', 'noopener')"),
    "window_that_posts": _script(
        "const w = window.open('about:blank'); w.document.write(`<form id=f method=post "
        "enctype=multipart/form-data action={to}/{way}><input name=egg></form>`);"
        "w.document.getElementById('f').submit()"
    ),
    "form_in_new_window": _POSTED.replace("{target}", "_blank"),
    "stun": _script(
        "const p = new RTCPeerConnection({iceServers: [{urls: 'stun:{address}'}]});"
        "p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o))"
    ),
    "turn": _script(
        "const p = new RTCPeerConnection({iceServers: [{urls: 'turn:{address}?transport=tcp',"
        "username: 'u', credential: 'c'}]});"
        "p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o))"
    ),
}
# These leave the page, so each has one of its own.
LEAVING_WAYS = {
    "meta_refresh": '<meta http-equiv="refresh" content="0;url={to}/{way}">',
    "location": _script("location = '{to}/{way}'"),
    "location_by_redirect": _script("location = '/to-neighbour/{way}'"),
    "form": _POSTED.replace("{target}", "_self"),
    "form_to_the_site": _POSTED.replace("{target}", "_self").replace("{to}", ""),
}


@dataclass
class Neighbour(asyncio.DatagramProtocol):
    """Counts connections and datagrams on one port; says nothing."""

    port: int = 0
    heard: list[str] = field(default_factory=list)  # the paths asked for, or what else came
    heads: list[str] = field(default_factory=list)  # of those requests, whole

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.append("datagram")

    async def visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append("connection")
        with suppress(OSError, EOFError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heard.append(head.split(" ")[1].removeprefix("/"))
            self.heads.append(head)
        writer.close()


@dataclass
class HostilePages:
    """Serves one page per way, and whatever else a test gives it."""

    neighbour: Neighbour
    base_url: str = ""
    pages: dict[str, tuple[int, Headers, bytes]] = field(default_factory=dict)
    behind: dict[str, bytes] = field(default_factory=dict)  # what those with a cookie are shown
    asked: list[tuple[str, str]] = field(default_factory=list)  # method and path
    heads: list[str] = field(default_factory=list)  # of those requests, whole

    def url(self, name: str) -> str:
        return f"{self.base_url}/en/home/{name}"

    def shows(self, name: str, markup: str, *, status: int = 200, **headers: str) -> str:
        """Adds a page; its URL."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = {"Content-Type": "text/html", **named}
        self.pages[f"/en/home/{name}"] = (status, content, markup.encode())
        return self.url(name)

    def shows_first(self, name: str, stub: str, markup: str, **headers: Any) -> str:
        """Adds a page that shows something else until a cookie is brought; its URL."""
        self.behind[f"/en/home/{name}"] = markup.encode()
        return self.shows(name, stub, **headers)

    def shows_bomb(self, name: str, size: int) -> str:
        """Adds a page that is small until it is unpacked; its URL."""
        headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
        self.pages[f"/en/home/{name}"] = (200, headers, gzip.compress(bytes(size)))
        return self.url(name)

    def shows_ways(self, *ways: str) -> str:
        """Adds a page that takes these ways, and is called as the first of them; its URL."""
        text = "".join(map(self._way, ways))
        return self.shows(ways[0], f"<!doctype html><title>x</title>{text}{_WAIT}<p>the end</p>")

    def _way(self, way: str) -> str:
        address = f"127.0.0.1:{self.neighbour.port}"
        text = (STANDING_WAYS | LEAVING_WAYS)[way]
        for name, value in {"to": f"http://{address}", "address": address, "way": way}.items():
            text = text.replace("{" + name + "}", value)
        return text

    async def answer(self, method: str, path: str, cookie: str) -> tuple[int, Headers, bytes]:
        self.asked.append((method, path))
        if path in self.behind and f"{path.rpartition('/')[2]}=1" in cookie:
            return 200, {"Content-Type": "text/html"}, self.behind[path]
        if path.startswith("/to-neighbour/"):
            to = f"http://127.0.0.1:{self.neighbour.port}/{path.rpartition('/')[2]}"
            return 302, {"Location": to}, b""
        if path == "/slow.js":
            await asyncio.sleep(0.5)
            return 200, {"Content-Type": "text/javascript"}, b""
        if path == "/worker.js":
            to = f"http://127.0.0.1:{self.neighbour.port}/shared_worker_of_site"
            script = f"fetch('{to}', {{mode: 'no-cors'}}); fetch('/post', {{method: 'POST'}})"
            return 200, {"Content-Type": "text/javascript"}, script.encode()
        return self.pages.get(path, (404, {"Content-Type": "text/html"}, b"none"))


@asynccontextmanager
async def hostile_pages() -> AsyncIterator[HostilePages]:
    """The site and its neighbour, until the block ends."""
    neighbour = Neighbour()

    next_door = await asyncio.start_server(neighbour.visited, "127.0.0.1", 0)
    neighbour.port = next_door.sockets[0].getsockname()[1]
    datagrams, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: neighbour, ("127.0.0.1", neighbour.port)
    )
    site = HostilePages(neighbour)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            site.heads.append(head)
            method, path, _ = head.split(" ", 2)
            _, _, cookie = head.lower().partition("\r\ncookie:")
            status, headers, body = await site.answer(method, path, cookie.split("\r\n")[0])
            headers = {"Connection": "close", "Content-Length": str(len(body)), **headers}
            lines = [f"HTTP/1.1 {status} x", *(f"{name}: {headers[name]}" for name in headers)]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    site.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield site
    finally:
        for each in (server, next_door):
            each.close()
        datagrams.close()
