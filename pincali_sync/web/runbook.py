"""What the runbook says of an alert, for whoever is led there by it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.language import _
from pincali_sync.web.site import site_of
from pincali_sync.web.words import alert_page

_RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"
_LINE = re.compile(r'^\| <a id="\w+"></a>`(\w+)` \| (.*) \|$', re.M)
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


async def alert(request: Request) -> Response:
    """An alert's line of the runbook, cell by cell."""
    name = request.path_params["name"]
    cells = _lines().get(name)
    if cells is None:
        raise HTTPException(404, _("No alert has that name, or there is no runbook here."))
    target = alert_page(name)
    return site_of(request).page(request, "alert.html", name=name, cells=cells, target=target)


@cache
def _lines() -> dict[str, tuple[str, ...]]:
    """What it means, what to look at, what to do and how to undo that, by alert."""
    if not _RUNBOOK.exists():
        return {}
    found = _LINE.findall(_RUNBOOK.read_text("utf-8"))
    return {name: tuple(_LINK.sub(r"\1", cells).split(" | ")) for name, cells in found}
