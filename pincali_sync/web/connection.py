"""Connections that nobody can keep for ever by saying nothing, or by not listening."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_SECONDS_TO_ASK = 10.0  # from the first moment until a request is here as a whole
_SECONDS_TO_ANSWER = 60.0  # and until its answer is taken
_MOST_ASKING = 100  # whose requests are not here yet; one more, and the oldest makes room


class BriefConnection(H11Protocol):
    """A connection whose every request and answer has its time; then it is cut."""

    _end: asyncio.TimerHandle | None = None
    _stage: object = None

    @property
    def is_asking(self) -> bool:
        """Whether a request, or the rest of one, is waited for."""
        open_ended = self.conn.their_state in {h11.IDLE, h11.SEND_BODY}
        return open_ended and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for a request."""
        super().connection_made(transport)
        self._keep_time()
        asking = [each for each in cast(set[BriefConnection], self.connections) if each.is_asking]
        if len(asking) > _MOST_ASKING:
            min(asking, key=BriefConnection.ends_at).transport.abort()

    def data_received(self, data: bytes) -> None:
        """Takes a part of a request. More of the same does not buy time."""
        super().data_received(data)
        self._keep_time()

    def on_response_complete(self) -> None:
        """Begins to wait for the next request."""
        super().on_response_complete()
        self._keep_time()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        super().connection_lost(exc)
        if self._end is not None:
            self._end.cancel()

    def ends_at(self) -> float:
        """When it is cut, by the loop's clock."""
        return self._end.when() if self._end is not None else 0.0

    def _keep_time(self) -> None:
        """Sets the clock anew where another request, or its answer, is waited for."""
        stage: tuple[Any, bool] = (self.cycle, self.is_asking)
        if stage == self._stage:
            return
        self._stage = stage
        if self._end is not None:
            self._end.cancel()
        seconds = _SECONDS_TO_ASK if self.is_asking else _SECONDS_TO_ANSWER
        self._end = self.loop.call_later(seconds, self.transport.abort)
