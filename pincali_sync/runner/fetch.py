"""Single pages over plain HTTP, outside of a crawl, within the limits that spiders keep to."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from pincali_sync.agreed_headers import agreed_headers
from pincali_sync.answers.robots import Robots, read_robots
from pincali_sync.config import Config
from pincali_sync.domain.headers import redirect_target, rest_asked_for
from pincali_sync.domain.limits import MAX_PAGE_BYTES, MAX_REDIRECTS, Askable, unpacked
from pincali_sync.domain.liveness import BUSY
from pincali_sync.exceptions import BlockedError
from pincali_sync.items import FetchedPage
from pincali_sync.pages.challenge import Challenge, challenge_kind
from pincali_sync.pages.encoding import by_header
from pincali_sync.services.site.pace import PaceService

# ImportError: of a client that cannot be made, because of a SOCKS proxy in the environment.
_FROM_HTTPX = (httpx.HTTPError, httpx.InvalidURL, ImportError)
_ERRORS = (*_FROM_HTTPX, OSError, EOFError, zlib.error, ValueError)


async def fetch(config: Config, url: str, **headers: str) -> FetchedPage:
    """The answer to one GET, redirects not followed; or why there is none.

    Raises:
        ConfigError: when `EXTRA_HEADERS_FILE` cannot be read; nothing else.
    """
    objection = Askable.of(config).objection(url)
    if objection is not None:
        return FetchedPage(status=None, error=objection)
    # Other encodings than gzip are not asked for: they are not unpacked piece by piece here.
    watch = AddressWatch(Askable.of(config).objection_to_address)
    own = {"User-Agent": config.user_agents[0], "Accept-Encoding": "gzip"}
    headers = {**agreed_headers(config, url), **own, **headers}
    try:
        async with (
            asyncio.timeout(config.request_timeout_seconds),  # httpx's is for one piece of it
            httpx.AsyncClient(headers=headers, timeout=config.request_timeout_seconds) as client,
            client.stream("GET", url, extensions={"trace": watch}) as response,
        ):
            return await _read(response)
    except _ERRORS as error:
        return FetchedPage(status=None, error=f"{type(error).__name__}: {error}")


async def heed(config: Config, pace: PaceService, url: str, answer: FetchedPage) -> int:
    """Has everybody wait where the site is busy, as long as it asks for: as in a crawl.

    Returns:
        How many times in a row it was; 0: it is not.
    """
    if answer.status not in BUSY or not Askable.of(config).is_site(url):
        return 0
    headers = answer.headers
    return await pace.refused(rest_asked_for(headers.get("retry-after"), headers.get("date")))


async def fetch_in_turn(
    config: Config, pace: PaceService, url: str, *, although_paused: bool = False
) -> FetchedPage:
    """The same as `fetch`, paced with everybody else, who are held where the site is busy.

    Raises:
        PausedError: when pages rest.
    """
    await pace.wait_for_turn(although_paused=although_paused)
    answer = await fetch(config, url)
    await heed(config, pace, url, answer)
    return answer


async def fetch_robots(config: Config, ask: Callable[[str], Awaitable[FetchedPage]]) -> Robots:
    """The site's robots.txt, wherever it moved to.

    Args:
        ask: fetches a URL in its turn.

    Raises:
        BlockedError: when there is a challenge in front of it.
    """
    url = f"{config.pincali_base_url}/robots.txt"
    for left in reversed(range(MAX_REDIRECTS + 1)):
        page = await ask(url)
        refusal = page.status and challenge_kind(page.status, page.headers, page.body)
        if refusal and refusal is not Challenge.FORBIDDEN:  # a 403 says that there is none
            raise BlockedError(f"the site refuses us at {url}: {refusal.value}")
        target = redirect_target(url, page.status, page.headers.get("location"))
        if target is None or not left:
            break
        url = target
    return read_robots(page)


async def _read(response: httpx.Response) -> FetchedPage:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        _check(len(body))
    unpacked = _unpack(bytes(body), response.headers.get("content-encoding", "").lower())
    headers = {name.lower(): value for name, value in response.headers.items()}
    page = by_header(unpacked, headers.get("content-type"))
    return FetchedPage(status=response.status_code, headers=headers, body=page)


def _unpack(body: bytes, encoding: str) -> bytes:
    if encoding in {"", "identity"} or not body:
        return body
    if encoding not in {"gzip", "x-gzip"}:
        raise ValueError(f"the answer is encoded as {encoding[:40]!r}, which was not asked for")
    content = bytearray()
    for piece in unpacked(body):
        content += piece
        _check(len(content))
    return bytes(content)


def _check(length: int) -> None:
    if length > MAX_PAGE_BYTES:
        raise ValueError(f"the answer is longer than {MAX_PAGE_BYTES:,} bytes")


class AddressWatch:
    """Called by httpx with each step of a request: where a connection led to is looked at first."""

    def __init__(self, objection_to: Callable[[str, str], str | None]) -> None:
        """Takes what says of a host and its address why it is not connected to, if it is not."""
        self._objection_to = objection_to
        self._host = ""
        self.objection: str | None = None  # what was said

    async def __call__(self, step: str, info: dict[str, Any]) -> None:
        """Raises: httpx.ConnectError: before anything is sent to where it must not go."""
        if step == "connection.connect_tcp.started":
            self._host = info["host"]
        if step == "connection.connect_tcp.complete":
            stream = info["return_value"]
            address = stream.get_extra_info("server_addr")[0]
            self.objection = self._objection_to(self._host, address)
            if self.objection is not None:
                await stream.aclose()
                raise httpx.ConnectError(self.objection)
