"""The application: routes, and what happens when something is wrong."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib import resources
from typing import cast

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pincali_sync.bootstrap import Services
from pincali_sync.domain import names
from pincali_sync.exceptions import DatabaseError
from pincali_sync.language import N_, _
from pincali_sync.moments import show_times_in
from pincali_sync.rendering.charts import bar_chart, line_chart
from pincali_sync.rendering.formats import environment, stylesheet
from pincali_sync.rendering.news_words import by_url
from pincali_sync.rendering.values import told, web_url, why_flagged
from pincali_sync.web import (
    acting,
    forms,
    listing_words,
    listings,
    metrics,
    news,
    pages,
    property,
    runbook,
    settling,
    words,
)
from pincali_sync.web.shield import Shield
from pincali_sync.web.site import Site, site_of
from pincali_sync.web.snapshots import SnapshotKeeper
from pincali_sync.web.speech import Speech
from pincali_sync.web.trust import MAX_BODY_BYTES, TokenGuard

logger = logging.getLogger(__name__)

_A_YEAR = "public, max-age=31536000, immutable"
_TITLES = {
    400: N_("That cannot be understood"),
    403: N_("Refused"),
    404: N_("Not found"),
    405: N_("That is not possible here"),
    409: N_("It changed meanwhile"),
    413: N_("Too much"),
    429: N_("Too many attempts"),
}
_NOT_FOUND = N_("There is no such page. The navigation above leads to those that there are.")


def create_app(
    services: Services, *, snapshots: SnapshotKeeper | None = None, hosts: Iterable[str] = ()
) -> ASGIApp:
    """The dashboard on these services.

    Args:
        snapshots: reads figures from the application's start to its end.
        hosts: by which it may be asked, besides `WEB_HOSTS` and loopback.
    """
    show_times_in(services.config.display_zone)
    keeper = snapshots or SnapshotKeeper(services.insights.snapshot, services.clock)
    token = services.config.web_token
    styles = f"{stylesheet()}\n{stylesheet('pincali_sync.web')}"
    script = resources.files("pincali_sync.web").joinpath("map.js").read_text("utf-8")
    site = Site(
        services=services,
        snapshots=keeper,
        guard=TokenGuard(token.get_secret_value() if token else None),
        templates=_templates(),
        stylesheet_path=f"/static/style-{_digest(styles)}.css",
        script_path=f"/static/map-{_digest(script)}.js",
    )

    @asynccontextmanager
    async def lifespan(__: Starlette) -> AsyncIterator[None]:
        async with keeper.running():
            yield

    app = Starlette(
        routes=[
            *_ROUTES,
            _static(site.stylesheet_path, styles, "text/css"),
            _static(site.script_path, script, "text/javascript"),
        ],
        exception_handlers={
            HTTPException: _refused,
            DatabaseError: _database_down,
            Exception: _broken,
        },
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
    )
    app.state.site = site
    spoken = Speech(app, services.config.display_language)
    return Shield(spoken, {*services.config.web_hosts, *hosts})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _static(path: str, text: str, media_type: str) -> Route:
    """Text that never changes under its address."""

    def answer(__: Request) -> Response:
        return Response(text, media_type=media_type, headers={"Cache-Control": _A_YEAR})

    return Route(path, answer)


_ROUTES = (
    Route("/", pages.overview),
    Route("/changes", news.changes),
    Route("/changes/by-url", news.by_url),
    Route("/listings", listings.listings),
    Route("/listings/download/{form}", listings.download),
    Route("/queue", pages.queue),
    Route("/runs", pages.runs),
    Route("/runs/{run_id:uuid}", pages.run),
    Route("/runs/{run_id:uuid}/cancel", acting.cancel, methods=["GET", "POST"]),
    Route("/jobs/{job_id:uuid}", pages.job_log),
    Route("/removals", forms.batches),
    Route(
        "/removals/unsettled/{verb}/{property_id:path}", settling.settle, methods=["GET", "POST"]
    ),
    Route("/removals/{batch_id:uuid}", forms.batch),
    Route("/removals/{batch_id:uuid}/{verb}", forms.decide, methods=["GET", "POST"]),
    Route("/decisions", pages.decisions),
    Route("/decisions/prices/{review_id:uuid}/{verb}", acting.price, methods=["GET", "POST"]),
    Route("/decisions/twins/{pair_id:uuid}/{verb}", acting.twins, methods=["GET", "POST"]),
    Route("/errors", pages.errors),
    Route("/errors/{kind}", acting.letters),
    Route("/errors/{kind}/{verb}", acting.settle_letters, methods=["GET", "POST"]),
    Route("/pauses", forms.pauses, methods=["GET", "POST"]),
    Route("/pauses/resume", forms.resume, methods=["POST"]),
    Route("/property", property.search),
    Route("/properties/{property_id:path}", property.dossier),
    Route("/alerts/{name}", runbook.alert),
    Route("/metrics", metrics.metrics),
    Route("/healthz", metrics.health),
)


def _templates() -> Environment:
    templates = environment("pincali_sync.web", line_chart, bar_chart, by_url, why_flagged)
    filters = (
        words.plain,
        told,
        words.marked,
        words.labelled,
        words.rest,
        words.scope,
        words.slug,
        web_url,
        words.seal,
    )
    templates.filters.update({each.__name__: each for each in filters})
    templates.filters.update(words=names.words, tier=names.tier_name, step=names.step_name)
    templates.globals["wording"] = words
    templates.globals["listing_words"] = listing_words
    return templates


async def _refused(request: Request, error: Exception) -> Response:
    refusal = cast(HTTPException, error)
    status = refusal.status_code
    is_routing = status == 404 and refusal.detail == "Not Found"
    response = site_of(request).page(
        request,
        "message.html",
        status=status,
        heading=_(_TITLES[status]) if status in _TITLES else _("That did not work"),
        text=_(_NOT_FOUND) if is_routing else refusal.detail,
    )
    response.headers.update(refusal.headers or {})
    return response


async def _database_down(request: Request, error: Exception) -> Response:
    failure = cast(DatabaseError, error)
    logger.warning("a page could not be made: %s", failure)
    return site_of(request).page(request, "database_down.html", status=503, text=failure.shown)


async def _broken(request: Request, __: Exception) -> Response:
    return site_of(request).page(
        request,
        "message.html",
        status=500,
        heading=_("Something went wrong"),
        text=_("The page could not be made. The log says why; nothing was changed."),
    )
