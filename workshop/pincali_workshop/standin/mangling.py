"""Answers that arrive with something missing, made of those that the site gives."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pincali_workshop.standin.faults import FaultKind

_KEPT = 0.55  # of a page that is cut
_CARD = re.compile(rb'(?=<(?:li|div) class="property__component")')
_EVERY = 3  # of the cards that a short page lacks
_FRAMING = {b"content-length", b"content-encoding", b"transfer-encoding"}


@dataclass(slots=True)
class _Answer:
    """A whole answer, caught before it is sent."""

    start: Message = field(default_factory=dict[str, Any])
    body: bytes = b""

    async def send(self, message: Message) -> None:
        """Takes in a message of the application."""
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


async def send_mangled(
    app: ASGIApp, kind: FaultKind, scope: Scope, receive: Receive, send: Send
) -> None:
    """What the application answers, short of something."""
    answer = _Answer()
    await app(scope, receive, answer.send)
    cut = answer.body[: int(len(answer.body) * _KEPT)]
    match kind:
        case FaultKind.CUT:
            await _send(send, answer.start, cut, _length(cut))
        case FaultKind.CUT_GZIP:
            packed = gzip.compress(answer.body, mtime=0)
            packed = packed[: int(len(packed) * _KEPT)]
            await _send(send, answer.start, packed, [*_length(packed), _GZIP])
        case FaultKind.FEWER_CARDS:
            short = without_some_cards(answer.body)
            await _send(send, answer.start, short, _length(short))
        case _:  # chunked, and the connection ends before the last chunk
            await _send(send, answer.start, cut, [], more=True)


_GZIP = (b"content-encoding", b"gzip")


def without_some_cards(page: bytes) -> bytes:
    """A search page without every third card; it counts as many as before."""
    head, *cards = _CARD.split(page)
    last = len(cards)
    kept = [card for place, card in enumerate(cards, 1) if place % _EVERY or place == last]
    return b"".join((head, *kept))


def _length(body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", str(len(body)).encode())]


async def _send(
    send: Send,
    start: Message,
    body: bytes,
    framing: list[tuple[bytes, bytes]],
    *,
    more: bool = False,
) -> None:
    headers = [pair for pair in start["headers"] if pair[0].lower() not in _FRAMING]
    await send({**start, "headers": [*headers, *framing]})
    await send({"type": "http.response.body", "body": body, "more_body": more})
