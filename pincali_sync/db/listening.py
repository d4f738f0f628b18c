"""Waiting for NOTIFY, on a connection of its own."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Self

import psycopg

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.5  # a connection that is cut again and again is not made again in a tight loop


class Listener:
    """Wakes up when somebody notifies the channel, and in any case after a while.

    A wake-up says "look again" and no more: some are lost, with a connection or in a transaction
    pooler, where LISTEN hears nothing at all.
    """

    def __init__(self, channel: str, **connect_arguments: Any) -> None:
        self._channel = channel
        self._connect_arguments = connect_arguments
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._close()

    async def wait(self, seconds: float) -> None:
        """Returns at the next notification, at the latest after so many seconds."""
        if self._connection is None:
            await asyncio.sleep(seconds)
            await self._listen()
            return
        try:
            async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.Error as error:
            logger.info("the connection that listens was lost: %s", error)
            await self._close()
            await asyncio.sleep(min(seconds, _PAUSE_SECONDS))
            await self._listen()  # before anybody looks: what comes after that look is heard

    async def _listen(self) -> None:
        try:
            connection = await psycopg.AsyncConnection.connect(
                autocommit=True, **self._connect_arguments
            )
            self._connection = connection
            await connection.execute(
                psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(self._channel))
            )
        except psycopg.Error as error:
            logger.info("cannot listen for changes, looking by the clock: %s", error)
            await self._close()

    async def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
