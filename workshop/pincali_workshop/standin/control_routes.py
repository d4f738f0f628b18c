"""The levers under `/__standin__/`: clock, truth, log, faults and removal modes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pincali_sync.exceptions import UsageError
from pincali_workshop.standin.faults import Fault
from pincali_workshop.standin.options import RemovalMode, UnknownMode
from pincali_workshop.standin.site import Site
from pincali_workshop.standin.truth import changes_between, truth_of

CONTROL = "/__standin__"
M = TypeVar("M", RemovalMode, UnknownMode)


def control_routes(site: Site) -> list[Route]:
    """All control routes; a request they cannot read answers 400 and says why."""
    control = Control(site)
    return [
        Route(f"{CONTROL}/clock", control.read_clock, methods=["GET"]),
        Route(f"{CONTROL}/clock", control.set_clock, methods=["POST"]),
        Route(f"{CONTROL}/truth", control.truth, methods=["GET"]),
        Route(f"{CONTROL}/log", control.read_log, methods=["GET"]),
        Route(f"{CONTROL}/faults", control.add_fault, methods=["POST"]),
        Route(f"{CONTROL}/faults", control.clear_faults, methods=["DELETE"]),
        Route(f"{CONTROL}/removal-mode", control.set_removal_mode, methods=["POST"]),
        Route(f"{CONTROL}/unknown-mode", control.set_unknown_mode, methods=["POST"]),
        Route(f"{CONTROL}/health", control.health, methods=["GET"]),
    ]


async def bad_request(_: Request, error: Exception) -> Response:
    """The answer to a `UsageError`."""
    return JSONResponse({"error": str(error)}, status_code=400)


class Control:
    """One method per lever."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def read_clock(self, _: Request) -> Response:
        """The present of the site."""
        return self._clock()

    async def set_clock(self, request: Request) -> Response:
        """Takes {"now": ISO 8601} or {"advance_seconds": number}."""
        data = await _object(request)
        if "now" in data:
            self._site.clock.move_to(_instant(str(data["now"])))
        elif isinstance(data.get("advance_seconds"), int | float):
            self._site.clock.advance(float(data["advance_seconds"]))
        else:
            raise UsageError("the clock takes `now` or `advance_seconds`")
        return self._clock()

    async def truth(self, request: Request) -> Response:
        """All active listings; with `since`, what changed from then until now."""
        now, since = self._site.clock.now(), request.query_params.get("since")
        if since is not None:
            changes = changes_between(self._site.population, _instant(since), now)
            for removed in changes["removed"]:
                removed["answers"] = self._site.removal_mode(str(removed["public_id"]))
            return JSONResponse({"since": since, "now": now.isoformat(), **changes})
        board = self._site.population.board(now)
        return JSONResponse(
            {
                "now": now.isoformat(),
                "total": len(board.active),
                "sources": {str(source): len(states) for source, states in board.by_source.items()},
                "listings": [truth_of(state, self._site.options.form) for state in board.active],
            }
        )

    async def read_log(self, request: Request) -> Response:
        """The requests numbered higher than `after`, and the count of all leads."""
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            raise UsageError("`after` is a whole number")
        log = self._site.log
        return JSONResponse(
            {"entries": log.after(int(after)), "last": log.last_number, "leads": log.leads}
        )

    async def add_fault(self, request: Request) -> Response:
        """Takes a fault, as `Fault.parse` reads it."""
        self._site.faults.add(Fault.parse(await _object(request)))
        return JSONResponse({"added": True})

    async def clear_faults(self, _: Request) -> Response:
        """Ends all faults."""
        self._site.faults.clear()
        return JSONResponse({"cleared": True})

    async def set_removal_mode(self, request: Request) -> Response:
        """Takes {"mode": ..., "public_id": one listing's, or none for all}."""
        data = await _object(request)
        mode = _mode(RemovalMode, data)
        self._site.set_removal_mode(mode, data.get("public_id"))
        return JSONResponse({"mode": mode})

    async def set_unknown_mode(self, request: Request) -> Response:
        """Takes {"mode": ...}."""
        mode = _mode(UnknownMode, await _object(request))
        self._site.unknown_mode = mode
        return JSONResponse({"mode": mode})

    async def health(self, _: Request) -> Response:
        """Whether the site is up, and how many listings it shows."""
        board = self._site.board()
        return JSONResponse({"status": "ok", "active": len(board.active)})

    def _clock(self) -> Response:
        return JSONResponse({"now": self._site.clock.now().isoformat()})


def _mode(modes: type[M], data: dict[str, Any]) -> M:
    try:
        return modes(str(data.get("mode")))
    except ValueError:
        raise UsageError(f"modes are {', '.join(modes)}") from None


async def _object(request: Request) -> dict[str, Any]:
    try:
        data = await request.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise UsageError("the body is no JSON object")
    return data


def _instant(text: str) -> datetime:
    """ISO 8601; without a zone it is UTC. A `+` that a URL turned into a space is understood."""
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise UsageError(f"{text!r} is no ISO 8601 time") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
