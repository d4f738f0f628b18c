"""One message to a target of webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx

from pincali_sync.domain.headers import seconds_to_rest
from pincali_sync.domain.webhooks import WebhookTarget
from pincali_sync.runner.fetch import AddressWatch
from pincali_sync.services.ports import PostAnswer

_TIMEOUT_SECONDS = 10.0
_HEADERS = {"Content-Type": "application/json", "User-Agent": "PincaliSync/0.1"}
# A client that cannot be made, because of a proxy in the environment say, is one of the last three.
_FAULTS = (httpx.HTTPError, httpx.InvalidURL, OSError, ImportError, ValueError)


async def post(target: WebhookTarget, headers: Mapping[str, str], body: bytes) -> PostAnswer:
    """Sends a message. Never raises; redirects are not followed, of the answer nothing is read.

    What went wrong is told without the URL, which may hold a token.
    """
    watch = AddressWatch(target.objection_to_address)
    try:
        async with (
            asyncio.timeout(_TIMEOUT_SECONDS),
            httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, headers=_HEADERS) as client,
            client.stream(
                "POST", target.url, content=body, headers=headers, extensions={"trace": watch}
            ) as answer,
        ):
            return _read(answer)
    except TimeoutError:
        return PostAnswer(failure=f"no answer within {_TIMEOUT_SECONDS:.0f} s")
    except _FAULTS as error:
        return PostAnswer(failure=watch.objection or type(error).__name__)


def _read(answer: httpx.Response) -> PostAnswer:
    if answer.is_success:
        return PostAnswer(failure=None)
    rest = seconds_to_rest(answer.headers.get("retry-after"), datetime.now(UTC))
    return PostAnswer(
        failure=f"HTTP {answer.status_code}",
        rest=None if rest is None else timedelta(seconds=min(rest, 10**6)),
    )
