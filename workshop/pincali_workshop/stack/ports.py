"""Ports on this machine."""

from __future__ import annotations

import socket

_ANSWER_SECONDS = 2


def is_free(port: int) -> bool:
    """Whether nothing listens on 127.0.0.1:port."""
    with socket.socket() as probe:
        probe.settimeout(_ANSWER_SECONDS)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
