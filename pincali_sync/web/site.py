"""What the handlers of one application share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from pincali_sync.bootstrap import Services
from pincali_sync.language import N_, _
from pincali_sync.web.snapshots import SnapshotKeeper
from pincali_sync.web.trust import TokenGuard

# Who a decision taken here is by, in the database and in the log.
DASHBOARD = "dashboard"
# The navigation, in its order. A page below one of these paths belongs to it.
NAVIGATION = (
    ("/", N_("Overview")),
    ("/listings", N_("Listings")),
    ("/changes", N_("Changes")),
    ("/queue", N_("Queue")),
    ("/runs", N_("Runs")),
    ("/removals", N_("Removals")),
    ("/decisions", N_("Decisions")),
    ("/errors", N_("Errors")),
    ("/pauses", N_("Pauses")),
)
# What may be said on the page after a form; only the key travels in the URL.
MESSAGES = {
    "approved": N_("The batch is approved: its listings were removed."),
    "rejected": N_("The batch is rejected: its listings are active again."),
    "decided-already": N_("This batch was decided already. Nothing was done twice."),
    "not-to-decide": N_(
        "This batch waits for no decision: its run is not over, or it joined another."
    ),
    "settled-gone": N_("Settled: the listing is removed. Seen again, it is relisted by itself."),
    "settled-kept": N_("Settled: the listing is active and starts from nothing."),
    "settled-already": N_("It was so already. Nothing was done twice."),
    "price-accepted": N_("The new price stands."),
    "price-rejected": N_("The old price is back."),
    "twins-one": N_("They are one record now."),
    "twins-two": N_("They stay two records."),
    "cancelled": N_("The run is cancelled; what it queued stays queued."),
    "over-already": N_("The run is over already. Nothing was done."),
    "retried": N_("The pages are queued again."),
    "dismissed": N_("The pages are taken out of the queue."),
    "paused": N_("Paused. Workers stop within seconds, jobs of a single tier at the next tick."),
    "paused-already": N_("That was paused already; the first reason stands."),
    "resumed": N_("Resumed. Open runs go on at the next tick."),
    "asked-again": N_("One page is asked for at the next tick; work goes on if it is shown."),
    "resumed-already": N_("That was not paused any more."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One dashboard."""

    services: Services
    snapshots: SnapshotKeeper
    guard: TokenGuard
    templates: Environment
    stylesheet_path: str
    script_path: str

    def page(
        self, request: Request, template: str, *, status: int = 200, **context: object
    ) -> HTMLResponse:
        """A rendered page."""
        path = request.url.path
        html = self.templates.get_template(template).render(
            now=self.services.clock.now(),
            stylesheet_path=self.stylesheet_path,
            script_path=self.script_path,
            navigation=[(target, _(name), _mark(target, path)) for target, name in NAVIGATION],
            said=_(MESSAGES.get(request.query_params.get("said", ""), "")),
            path=path,
            can_decide=self.guard.is_set,
            **context,
        )
        return HTMLResponse(html, status_code=status)


def site_of(request: Request) -> Site:
    """The dashboard that a request was sent to."""
    return cast(Site, request.app.state.site)


def done(path: str, message: str) -> RedirectResponse:
    """On to a page that says what was done; reloading it does nothing again."""
    assert message in MESSAGES
    return RedirectResponse(f"{path}?said={message}", status_code=303)


def _mark(target: str, path: str) -> str | None:
    """What `aria-current` says of a link: this page, a page below it, or nothing."""
    if path == target:
        return "page"
    return "true" if target != "/" and path.startswith(f"{target}/") else None
