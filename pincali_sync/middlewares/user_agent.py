"""Requests take turns among the operator's user agents; one honest entry by default."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler


class UserAgentMiddleware:
    """Rotates by turn, never in answer to a block."""

    def __init__(self, user_agents: Sequence[str]) -> None:
        self._turns = cycle(user_agents)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """With the agents of the settings."""
        return cls(crawler.settings.getlist("USER_AGENTS"))

    def process_request(self, request: Request) -> None:
        """Names the next agent, where the request names none."""
        request.headers.setdefault(b"User-Agent", next(self._turns))
