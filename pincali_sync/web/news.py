"""`/changes`: what is new, cheaper, dearer, gone and back."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.db.repositories.insights.news import COUNTED
from pincali_sync.domain.news import NewsKind, Period
from pincali_sync.exceptions import UsageError
from pincali_sync.language import _
from pincali_sync.web.site import site_of
from pincali_sync.web.words import SHORT, plain

_LIMIT = 50
E = TypeVar("E", bound=StrEnum)


async def changes(request: Request) -> Response:
    """The changes of a period, of one kind or all, in one city or everywhere."""
    site, asked = site_of(request), request.query_params
    period = _choice(Period, asked.get("period")) or Period.TODAY
    kind = _choice(NewsKind, asked.get("kind"))
    city = plain(asked.get("city", ""), SHORT) or None
    try:
        found = await site.services.news.read(
            period, kind=kind, city=city, cursor=asked.get("after"), limit=_LIMIT
        )
    except UsageError as error:
        raise HTTPException(404, str(error)) from error
    return site.page(
        request,
        "changes.html",
        news=found,
        kind=kind,
        city=city,
        counted=COUNTED,
        link=partial(link_to, {"period": period, "kind": kind, "city": city}),
    )


async def by_url(request: Request) -> Response:
    """What the sitemap lists and no page has shown yet."""
    site = site_of(request)
    try:
        found = await site.services.news.by_url(
            cursor=request.query_params.get("after"), limit=_LIMIT
        )
    except UsageError as error:
        raise HTTPException(404, str(error)) from error
    return site.page(request, "by_url.html", found=found)


def link_to(chosen: Mapping[str, str | None], **otherwise: str | None) -> str:
    """The page's address: what is chosen now, but for what is said otherwise."""
    asked = {name: each for name, each in {**chosen, **otherwise}.items() if each}
    return f"/changes?{urlencode(asked)}"


def _choice(kind: type[E], text: str | None) -> E | None:
    """One of the words, or none where none is said. Raises: HTTPException: 404 for another."""
    if not text:
        return None
    try:
        return kind(text)
    except ValueError as error:
        raise HTTPException(404, _("There is no such list of changes.")) from error
