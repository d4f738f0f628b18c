"""The stand-in as a process of its own, for the demo and for tests."""

from __future__ import annotations

import select
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import datetime
from types import TracebackType
from typing import Any

import httpx

from pincali_sync.exceptions import RunnerError
from pincali_workshop.standin.control_routes import CONTROL
from pincali_workshop.standin.options import RemovalMode, StandinOptions, UnknownMode
from pincali_workshop.standin.server import READY

_SECONDS_TO_START = 60.0
_LISTINGS_A_SECOND = 500  # are made at least
_SECONDS_TO_STOP = 10.0
_SECONDS_TO_ANSWER = 60.0


class StandinProcess:
    """Starts the server on entering, stops it on leaving; between, moves its levers.

    Args:
        port: 0 takes a free one.

    Raises:
        RunnerError: on entering, when the server does not start.
    """

    def __init__(self, options: StandinOptions | None = None, port: int = 0) -> None:
        self._options = options or StandinOptions()
        self._port = port
        self._process: subprocess.Popen[str] | None = None
        self._client: httpx.Client | None = None

    def __enter__(self) -> StandinProcess:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the server and returns once it answers."""
        command = [sys.executable, "-m", "pincali_workshop.standin", *self._arguments()]
        with tempfile.TemporaryFile("w+") as complaints:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=complaints, text=True
            )
            try:
                seconds = _SECONDS_TO_START + self._options.listings / _LISTINGS_A_SECOND
                base_url = _read_ready(self._process, seconds)
            except RunnerError:
                self.stop()
                complaints.seek(0)
                raise RunnerError(f"the stand-in did not start: {complaints.read()}") from None
        self._client = httpx.Client(base_url=base_url, trust_env=False, timeout=_SECONDS_TO_ANSWER)

    def stop(self) -> None:
        """Stops the server; a second call does nothing."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    @property
    def base_url(self) -> str:
        """Such as "http://127.0.0.1:41237", without a slash at the end."""
        return str(self._running().base_url).rstrip("/")

    def now(self) -> datetime:
        """The present of the site."""
        return datetime.fromisoformat(str(self._call("GET", "clock")["now"]))

    def advance(self, seconds: float) -> datetime:
        """Moves the clock on; returns its new time."""
        data = self._call("POST", "clock", {"advance_seconds": seconds})
        return datetime.fromisoformat(str(data["now"]))

    def set_clock(self, instant: datetime) -> datetime:
        """Sets the clock; returns its new time."""
        data = self._call("POST", "clock", {"now": instant.isoformat()})
        return datetime.fromisoformat(str(data["now"]))

    def truth(self) -> dict[str, Any]:
        """All active listings: {"now", "total", "sources", "listings": [...]}."""
        return self._call("GET", "truth")

    def changes_since(self, instant: datetime) -> dict[str, Any]:
        """{"born", "price_changed", "removed", "relisted"}: lists of listings."""
        return self._call("GET", "truth", since=instant.isoformat())

    def log(self, after: int = 0) -> list[dict[str, Any]]:
        """The requests numbered higher than `after`, oldest first."""
        entries: list[dict[str, Any]] = self._call("GET", "log", after=str(after))["entries"]
        return entries

    def requests(self) -> int:
        """How many requests were answered, the levers' own not among them."""
        return int(self._call("GET", "log", after=str(2**62))["last"])

    def leads(self) -> int:
        """How many messages to advertisers were sent."""
        return int(self._call("GET", "log", after=str(2**62))["leads"])

    def add_fault(
        self,
        path: str,
        kind: str,
        times: int | None = None,
        retry_after: int | None = None,
        every: int = 1,
    ) -> None:
        """Orders a fault: see `faults.Fault`."""
        fault = {
            "path": path,
            "kind": kind,
            "times": times,
            "retry_after": retry_after,
            "every": every,
        }
        self._call("POST", "faults", fault)

    def clear_faults(self) -> None:
        """Ends all faults."""
        self._call("DELETE", "faults")

    def set_removal_mode(self, mode: RemovalMode | str, public_id: str | None = None) -> None:
        """What removed listings answer: one of them, or all."""
        self._call("POST", "removal-mode", {"mode": str(mode), "public_id": public_id})

    def set_unknown_mode(self, mode: UnknownMode | str) -> None:
        """What URLs that never existed answer."""
        self._call("POST", "unknown-mode", {"mode": str(mode)})

    def _call(
        self, method: str, lever: str, body: dict[str, Any] | None = None, **query: str
    ) -> dict[str, Any]:
        answer = self._running().request(method, f"{CONTROL}/{lever}", json=body, params=query)
        if answer.is_error:
            raise RunnerError(f"the stand-in refused {lever}: {answer.text}")
        data: dict[str, Any] = answer.json()
        return data

    def _running(self) -> httpx.Client:
        if self._client is None:
            raise RunnerError("the stand-in is not running")
        return self._client

    def _arguments(self) -> list[str]:
        options = self._options
        return [
            f"--port={self._port}",
            f"--listings={options.listings}",
            f"--seed={options.seed}",
            f"--form={options.form}",
            f"--page-size={options.page_size}",
            f"--page-cap={options.page_cap}",
            f"--start={options.start.isoformat()}",
            f"--seconds-per-page={options.seconds_per_page}",
            f"--speed={options.speed}",
            f"--crawl-delay={options.crawl_delay}",
            f"--removal-mode={options.removal_mode}",
            f"--unknown-mode={options.unknown_mode}",
            *(f"--ignores={name}" for name in options.habits.ignored),
            *(f"--unpriced-first={each}" for each in options.habits.unpriced_first),
            f"--beyond-cap={options.habits.beyond_cap}",
            *(f"--churn={name}={rate}" for name, rate in asdict(options.churn).items()),
            *(f"--traps={name}={share}" for name, share in asdict(options.traps).items()),
        ]


def _read_ready(process: subprocess.Popen[str], seconds: float) -> str:
    """The base URL out of the line that the server prints when it answers."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], seconds)
    line = process.stdout.readline() if readable else ""
    if not line.startswith(READY):
        raise RunnerError("no ready line")
    return line.removeprefix(READY).strip()
