"""One page in the browser: what it may ask for, and its answer."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urldefrag, urlsplit

from playwright.async_api import CDPSession, Frame, Page, Request, Route
from playwright.async_api import Error as PlaywrightError

from pincali_sync.domain.limits import MAX_PAGE_BYTES
from pincali_sync.exceptions import PageError, line_of
from pincali_sync.items import FetchedPage
from pincali_sync.pages.challenge import challenge_kind
from pincali_sync.pages.own_page import shows_content, what_is_cut_off
from pincali_sync.pages.stub import LONGEST_WAIT, returns_to_itself

_OK = 200
_CHUNK = 1024 * 1024
_MOST_DOCUMENTS = 3  # a page that loads itself again; never more often
_SCRIPTED_TYPES = {"script", "xhr", "fetch"}
_NAVIGATING = "page is navigating"  # as Playwright says it
# Of the browser's headers: these are about the body as it was sent, not as it is handed on.
_ABOUT_TRANSFER = {"content-encoding", "content-length", "transfer-encoding"}
# What a page may do where scripts run: its own and its site's, which may ask the site. No forms,
# windows, frames, workers, dialogs or downloads.
# Of 'self', WebSockets would be a part: what they send, no route of ours sees.
_SEAL = (
    "sandbox allow-scripts allow-same-origin; default-src 'none'; connect-src {origin}; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; base-uri 'none'; form-action 'none'"
)
# Of one that only comes back to itself: to set a cookie and to go.
_SEAL_OF_STUBS = (
    "sandbox allow-scripts allow-same-origin; default-src 'none'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
_NOT_ONCE_IT_IS_CLOSED = "deferred-fetch=(), deferred-fetch-minimal=()"  # fetchLater()


class Visit:
    """A page asked for once.

    The document is taken from the browser before it is rendered: no redirect is followed, and no
    more is read than a page can have. Without scripts that is all, unless the document only sends
    the browser to itself again: it is handed back to do so, and what comes then is taken. With
    scripts, a document is handed back under a policy of ours and read again as they left it.
    """

    def __init__(
        self, page: Page, url: str, *, headers: Mapping[str, str], runs_scripts: bool
    ) -> None:
        self._page = page
        self._url = url
        self._headers = headers  # of the site's own documents and answers
        self._runs_scripts = runs_scripts
        self._documents: list[str] = []  # the addresses asked for
        self._arrived = asyncio.Event()  # the last document asked for is there
        self._answer: FetchedPage | None = None
        self._is_rendered = False
        self._is_stub = False  # the last answer only sends the browser to itself again
        self._is_under_way = False  # an answer is awaited
        self._news = asyncio.Event()  # of these two
        self._failure: PageError | None = None

    async def answer(self) -> FetchedPage:
        """Goes to the page.

        Raises:
            PageError: when there is no answer, or one that is too long or cut short.
            PlaywrightError: when the browser is gone.
        """
        page = self._page
        session = await page.context.new_cdp_session(page)
        await _let_scripts_run(session, self._runs_scripts)
        session.on("Fetch.requestPaused", lambda event: self._take(session, event))
        page.on("framenavigated", self._arrive)
        page.on("popup", _close)
        page.on("requestfailed", self._lose)
        await page.route("**/*", self._pass_or_abort)
        await session.send("Fetch.enable", {"patterns": [{"requestStage": "Response"}]})
        try:
            await page.goto(self._url, wait_until="commit", timeout=0)
        except PlaywrightError as error:
            # A document that is not rendered ends as an aborted one.
            if self._answer is None:
                said = line_of(error)
                failure = PageError(f"{self._url} could not be opened: {said}")
                raise self._failure or failure from error
        await self._follow_stub()
        return await self._read()

    async def _follow_stub(self) -> None:
        """Until something else is there, or nothing comes any more."""
        while self._is_stub:
            self._news.clear()
            patience = None if self._is_under_way else LONGEST_WAIT + 1
            try:
                await asyncio.wait_for(self._news.wait(), patience)
            except TimeoutError:
                return

    async def _read(self) -> FetchedPage:
        """The answer, as the page's scripts left it where they ran."""
        while True:
            markup = await self._markup() if self._is_rendered else None
            if self._failure is not None:
                raise self._failure
            assert self._answer is not None
            if not self._is_rendered:
                return self._answer
            if markup is not None and self._arrived.is_set():
                return self._as_left(self._answer, markup)

    def _as_left(self, answer: FetchedPage, markup: str) -> FetchedPage:
        if not self._is_of_site(self._page.url):
            raise PageError(f"{self._url} went elsewhere: nobody goes with it")
        if shows_content(answer.body) and what_is_cut_off(answer.body):
            return answer  # the browser has put an end to what was cut short
        headers = {**answer.headers, "content-type": "text/html; charset=utf-8"}
        return replace(answer, headers=headers, body=markup.encode("utf-8", "replace"))

    async def _markup(self) -> str | None:
        """None while the page is on its way to another, or to itself again."""
        await self._arrived.wait()
        try:
            await self._page.wait_for_load_state("domcontentloaded", timeout=0)
            return await self._page.content()
        except PlaywrightError as error:
            if _NAVIGATING in error.message:
                return None
            raise

    def _arrive(self, frame: Frame) -> None:
        if frame == self._page.main_frame:
            self._arrived.set()

    def _lose(self, request: Request) -> None:
        if request.is_navigation_request():
            self._is_under_way = False
            self._news.set()

    async def _pass_or_abort(self, route: Route) -> None:
        request = route.request
        with suppress(PlaywrightError):  # the page may be closed by now
            if not self._wants(request):
                await route.abort()
                return
            headers = {**request.headers, **self._headers}
            await route.continue_(headers=headers)

    def _wants(self, request: Request) -> bool:
        if request.method != "GET":
            return False
        if request.is_navigation_request():
            return request.frame == self._page.main_frame and self._wants_document(request.url)
        return (
            self._runs_scripts
            and request.resource_type in _SCRIPTED_TYPES
            and self._is_of_site(request.url)
        )

    def _is_of_site(self, url: str) -> bool:
        return urlsplit(url)[:2] == urlsplit(self._url)[:2]

    def _wants_document(self, url: str) -> bool:
        asked = urldefrag(url).url
        is_the_same = not self._documents or asked == self._documents[0]
        is_wanted = is_the_same and len(self._documents) < _MOST_DOCUMENTS
        if is_wanted:
            self._documents.append(asked)
            self._arrived.clear()
        self._is_stub &= is_wanted
        self._is_under_way = is_wanted
        self._news.set()
        return is_wanted

    async def _take(self, session: CDPSession, event: Mapping[str, Any]) -> None:
        """An answer has begun to come in; it waits until it is told how to go on."""
        paused = {"requestId": event["requestId"]}
        with suppress(PlaywrightError):  # the page may be closed by now
            if event["resourceType"] != "Document" or "responseStatusCode" not in event:
                await session.send("Fetch.continueRequest", paused)
                return
            answer = None
            try:
                answer = await _answer_of(session, event)
            except PageError as error:
                self._failure = error
            await self._go_on(session, paused, answer)

    async def _go_on(
        self, session: CDPSession, paused: dict[str, Any], answer: FetchedPage | None
    ) -> None:
        self._answer = answer
        self._is_rendered = answer is not None and self._is_to_render(answer)
        self._is_stub = answer is not None and self._is_to_come_back(answer)
        self._is_under_way = False
        self._news.set()
        if answer is not None and (self._is_rendered or self._is_stub):
            await _let_scripts_run(session, True)
            seal = _SEAL if self._is_rendered else _SEAL_OF_STUBS
            await session.send("Fetch.fulfillRequest", paused | _sealed(answer, self._url, seal))
        else:
            await session.send("Fetch.failRequest", {**paused, "errorReason": "Aborted"})
            self._arrived.set()

    def _is_to_render(self, answer: FetchedPage) -> bool:
        # A challenge would run: it is never answered.
        return (
            self._runs_scripts
            and answer.status == _OK
            and "html" in answer.headers.get("content-type", "")
            and challenge_kind(_OK, answer.headers, answer.body) is None
        )

    def _is_to_come_back(self, answer: FetchedPage) -> bool:
        return (
            not self._runs_scripts
            and len(self._documents) < _MOST_DOCUMENTS
            and returns_to_itself(answer, self._url)
        )


async def _let_scripts_run(session: CDPSession, on: bool) -> None:
    await session.send("Emulation.setScriptExecutionDisabled", {"value": not on})


async def _answer_of(session: CDPSession, event: Mapping[str, Any]) -> FetchedPage:
    """Raises: PageError: when the body is too long, or shorter than it says."""
    headers = {each["name"].lower(): each["value"] for each in event["responseHeaders"]}
    status = int(event["responseStatusCode"])
    # The body of a redirect cannot be taken, and says nothing.
    body = b"" if 300 <= status < 400 else await _body(session, event["requestId"])
    length = headers.get("content-length", "")
    if status == _OK and str(len(body)) != length and "content-encoding" not in headers and length:
        raise PageError(f"the page has {len(body)} bytes and not {length}: it was cut short")
    kept = {name: value for name, value in headers.items() if name not in _ABOUT_TRANSFER}
    return FetchedPage(status=status, headers=kept, body=body)


async def _body(session: CDPSession, request_id: str) -> bytes:
    taken = await session.send("Fetch.takeResponseBodyAsStream", {"requestId": request_id})
    body = bytearray()
    while len(body) <= MAX_PAGE_BYTES:
        chunk = await session.send("IO.read", {"handle": taken["stream"], "size": _CHUNK})
        data = chunk["data"]
        body += b64decode(data) if chunk.get("base64Encoded") else data.encode()
        if chunk["eof"]:
            return bytes(body)
    raise PageError(f"the page is longer than {MAX_PAGE_BYTES:,} bytes")


def _sealed(answer: FetchedPage, url: str, seal: str) -> dict[str, Any]:
    site = urlsplit(url)
    headers = {
        "Content-Type": answer.headers.get("content-type", "text/html").partition("\n")[0],
        "Content-Security-Policy": seal.format(origin=f"{site.scheme}://{site.netloc}"),
        "Permissions-Policy": _NOT_ONCE_IT_IS_CLOSED,
    }
    return {
        "responseCode": answer.status,
        "responseHeaders": [{"name": name, "value": value} for name, value in headers.items()],
        "body": b64encode(answer.body).decode(),
    }


async def _close(page: Page) -> None:
    with suppress(PlaywrightError):
        await page.close()
