"""What an ordered fault is answered with."""

from __future__ import annotations

from starlette.responses import HTMLResponse, RedirectResponse, Response

from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.faults import Fault, FaultKind
from pincali_workshop.standin.pages.fault_pages import (
    captcha_page,
    login_step_page,
    maintenance_page,
    outage_page,
)
from pincali_workshop.standin.pages.listing_page import PageSlot, after_cards, before_cards
from pincali_workshop.standin.pages.plain_pages import challenge_page, not_found_page
from pincali_workshop.standin.pages.walls import wall_for

_LOGIN = "/en/account/authentication/login"
_WALLS = {FaultKind.WALL: 200, FaultKind.WALL_403: 403}


def faulty_answer(fault: Fault, target: str, base_url: str) -> Response:
    """The answer to a request for this path and query."""
    if fault.kind is FaultKind.LOGIN:
        return RedirectResponse(_LOGIN, status_code=302)
    if fault.kind in _WALLS:
        wall = wall_for(target)
        return HTMLResponse(wall.page(), _WALLS[fault.kind], headers=dict(wall.headers))
    if fault.kind.value.isdecimal():
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        body = not_found_page(base_url) if fault.kind is FaultKind.NOT_FOUND else b""
        return HTMLResponse(body, int(fault.kind), headers=headers)
    return _page(fault.kind, target, base_url)


def _page(kind: FaultKind, target: str, base_url: str) -> Response:
    match kind:
        case FaultKind.CHALLENGE:
            headers = {"x-amzn-waf-action": "challenge"}
            return HTMLResponse(challenge_page(base_url), 202, headers=headers)
        case FaultKind.CAPTCHA_AS_404:
            return HTMLResponse(captcha_page(), 404)
    pages = {
        FaultKind.CAPTCHA: captcha_page(),
        FaultKind.LOGIN_STEP: login_step_page(base_url),
        FaultKind.OUTAGE: outage_page(target, base_url),
        FaultKind.MAINTENANCE: maintenance_page(),
        FaultKind.EMPTY: _no_cards(base_url),
    }
    return HTMLResponse(pages[kind])


def _no_cards(base_url: str) -> bytes:
    slot = PageSlot(ListingSource.SALE, 1, 10, 240, ListingSource.SALE.path)
    return before_cards(slot, base_url) + after_cards(slot)
