"""What programs call that have no event loop, or one that they cannot wait in, as in notebooks.

Each call works in an event loop of its own, in a thread beside the caller's.
"""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import AsyncGenerator, Generator, Iterator
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar, Unpack
from weakref import WeakSet

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from pincali_sync import aio
from pincali_sync.aio import Criteria
from pincali_sync.domain.published import Change, Listing
from pincali_sync.exceptions import UsageError
from pincali_sync.items import Property

T = TypeVar("T")

_OPEN: WeakSet[Generator[Any]] = WeakSet()  # what was begun and may not be read to its end


def scrape(url: str) -> Property:
    """One listing off the site, in the configured way and pace; nothing is saved.

    Args:
        url: any form of the listing's URL.

    Raises:
        PincaliSyncError: as `aio.scrape` does.
    """
    with start_blocking_portal() as portal:
        return portal.call(aio.scrape, url)


def listings(**criteria: Unpack[Criteria]) -> Iterator[Listing]:
    """As `aio.listings`."""
    return _opened(_each(aio.listing_pages(**criteria)))


def changes(after: int = 0, *, follow: bool = False) -> Iterator[Change]:
    """As `aio.changes`."""
    return _opened(_each(aio.change_pages(after, follow=follow)))


def _opened(each: Generator[T]) -> Iterator[T]:
    _OPEN.add(each)
    return each


@atexit.register
def _close() -> None:
    """At the end of the program, while threads still run: later, closing would wait for ever."""
    for each in [*_OPEN]:
        with suppress(Exception):  # such as of one that another thread is in; a program must end
            each.close()


def _each(pages: AsyncGenerator[list[T], None]) -> Generator[T]:
    """Whenever the caller stops, even while a page is waited for, all is closed.

    A process that forks leaves its child no thread and no connection: there, nothing is closed.
    """
    process = os.getpid()
    reading = asyncio.Lock()

    async def read() -> list[T] | None:
        async with reading:
            return await anext(pages, None)

    async def close() -> None:
        async with reading:
            await pages.aclose()

    portal, thread = _start_beside()
    try:
        while (page := _outcome(portal.start_task_soon(read))) is not None:
            for each in page:
                yield each
                if os.getpid() != process:
                    raise UsageError("begun before a fork: begin anew in the process that reads")
    finally:
        if os.getpid() == process:
            try:
                portal.call(close)
            finally:
                portal.call(portal.stop, True)
                thread.join()


def _start_beside() -> tuple[BlockingPortal, Thread]:
    """An event loop in a thread, to be stopped and joined.

    `start_blocking_portal` would wait for the thread wherever it is let go, and so for ever in a
    process that was forked.
    """
    started: Future[BlockingPortal] = Future()

    async def serve() -> None:
        async with BlockingPortal() as portal:
            started.set_result(portal)
            await portal.sleep_until_stopped()

    def run() -> None:
        try:
            anyio.run(serve)
        except BaseException as error:  # such as of a process that may open no more files
            if started.done():
                raise
            started.set_exception(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    return started.result(), thread


def _outcome(work: Future[T]) -> T:
    try:
        return work.result()
    except BaseException:  # such as Ctrl-C
        work.cancel()
        raise
