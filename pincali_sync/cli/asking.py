"""One question to the services, with a checked database, closed afterwards."""

from __future__ import annotations

import asyncio
import getpass
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import typer

from pincali_sync.bootstrap import Services, open_services
from pincali_sync.config import load_config
from pincali_sync.db.unit_of_work import UnitOfWork

T = TypeVar("T")


def ask(question: Callable[[Services], Awaitable[T]]) -> T:
    """The answer. Raises what `open_services` and the question raise."""

    async def work() -> T:
        async with open_services(load_config()) as services:
            return await question(services)

    return run_until_told(work())


def run_until_told(work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to. SIGTERM, and SIGHUP of a terminal that is closed, end it as Ctrl-C
    does: locks it holds are given back, files it has not finished go."""
    told: list[int] = []

    async def watched() -> T:
        task = asyncio.current_task()
        assert task is not None, "a coroutine that runs is in a task"

        def end(order: int) -> None:
            told.append(order)
            task.cancel()

        if threading.current_thread() is threading.main_thread():  # others hear no signals
            for order in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(order) is not signal.SIG_IGN:  # as under nohup
                    asyncio.get_running_loop().add_signal_handler(order, end, order)
        return await work

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        if not told:
            raise
        raise typer.Exit(128 + told[0]) from None


def ask_database(question: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    """The answer of one transaction. Raises what `open_services` and the question raise."""
    return ask(lambda services: services.db.run(question))


def who() -> str:
    """Who gives a command, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "an operator"
