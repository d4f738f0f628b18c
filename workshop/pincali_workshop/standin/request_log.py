"""What was asked of the site, and when."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import asdict, dataclass

_REMEMBERED = 50_000
_LEAD = re.compile(r"(?:/\w\w)?/(?:home|inmueble|imovel)/[^/]+/messages/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """One answered request."""

    number: int  # from 1, in the order of answers
    method: str
    path: str  # with its query
    status: int | None  # None: hung up on without an answer
    monotonic: float  # seconds, when it arrived
    wall: str  # ISO 8601, UTC, when it arrived
    site_time: str  # the same by the site's clock
    fault: str | None  # the ordered fault that it was answered with
    user_agent: str
    cookies: str  # the header, empty where there was none
    lead: bool  # a message to an advertiser: nobody should ever send one


class RequestLog:
    """The last requests, numbered; and a count of all leads."""

    def __init__(self) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=_REMEMBERED)
        self.last_number = 0
        self.leads = 0

    def add(
        self,
        *,
        method: str,
        path: str,
        status: int | None,
        monotonic: float,
        wall: str,
        site_time: str,
        fault: str | None,
        user_agent: str,
        cookies: str = "",
    ) -> None:
        """Notes one request that was answered, or given up by the client."""
        lead = is_lead(method, path)
        self.leads += lead
        self.last_number += 1
        self._entries.append(
            LoggedRequest(
                number=self.last_number,
                method=method,
                path=path,
                status=status,
                monotonic=monotonic,
                wall=wall,
                site_time=site_time,
                fault=fault,
                user_agent=user_agent,
                cookies=cookies,
                lead=lead,
            )
        )

    def after(self, number: int) -> list[dict[str, object]]:
        """The entries with a higher number, oldest first."""
        return [asdict(entry) for entry in self._entries if entry.number > number]


def is_lead(method: str, path: str) -> bool:
    """Whether a request would send a message to an advertiser."""
    return method == "POST" and _LEAD.fullmatch(path.partition("?")[0]) is not None
