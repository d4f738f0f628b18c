"""Calls of other people's code that block, and may never return."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def within(seconds: float, call: Callable[[], T]) -> T:
    """What a blocking call gives, from a thread of its own.

    A thread cannot be stopped. This one is nobody's to wait for: not the caller's once the time is
    over, and, unlike `asyncio.to_thread`'s, not the program's at its end.

    Raises:
        TimeoutError: after so many seconds, whatever the call still does.
        Exception: what the call raises.
    """
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()  # from here on nobody can cancel it under the thread

    def work() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001  # it is the caller's
            outcome.set_exception(error)

    Thread(target=work, daemon=True).start()
    async with asyncio.timeout(seconds):
        return await asyncio.wrap_future(outcome)
