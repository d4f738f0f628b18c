"""What stands between a visitor and the site: walls of several makers, in our own words.

Of the makers' pages there is only what tells them apart: a name in a script's path, a header.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pincali_workshop.standin.world.draws import Draws


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """One maker's page."""

    title: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def page(self) -> bytes:
        """Its markup."""
        return (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f"<title>{self.title}</title></head>\n<body>{self.body}</body></html>\n"
        ).encode()


_WALLS = (
    Wall(
        title="Just a moment...",
        body='<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>'
        "<p>We look at your browser first.</p>",
        headers={"cf-mitigated": "challenge", "server": "cloudflare"},
    ),
    Wall(
        title="Access Denied",
        body="<h1>Access Denied</h1><p>This server does not serve you. Reference&#32;"
        "#18.2f3c1002.1700000000.1a2b3c4d</p><p>https://errors.edgesuite.net/18.2f3c1002</p>",
        headers={"server": "AkamaiGHost"},
    ),
    Wall(
        title="",
        body='<iframe src="/_Incapsula_Resource?SWUDNSAI=31&amp;incident_id=1-2" width="100%">'
        "Request unsuccessful. Incapsula incident ID: 1-2</iframe>",
        headers={"x-iinfo": "1-2-0 NNNN RT(1 2)"},
    ),
    Wall(
        title="www.pincali.com",
        body="<script>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script>"
        '<script src="https://ct.captcha-delivery.com/c.js"></script>',
        headers={"x-datadome": "protected", "server": "DataDome"},
    ),
    Wall(
        title="One more step",
        body='<div id="px-captcha"></div><script>window._pxAppId="PXstandin";</script>'
        "<p>Press and hold the button.</p>",
    ),
    Wall(
        title="Request Rejected",
        body="The requested URL was rejected. Your support ID is: 1234567890123456789",
        headers={"server": "BigIP"},
    ),
    Wall(
        title="Website Firewall",
        body="<h1>Blocked by the firewall</h1><p>Block ID: EXP001</p>"
        '<script src="https://cdn.sucuri.net/sucuri-firewall-block.js"></script>',
        headers={"x-sucuri-block": "EXP001", "server": "Sucuri/Cloudproxy"},
    ),
    Wall(  # of nobody known
        title="Un momento, por favor",
        body="<p>Comprobamos que eres una persona. Esto tarda unos segundos.</p>"
        '<form method="post" action="/gate"><button>Continuar</button></form>',
    ),
)


def wall_for(target: str) -> Wall:
    """The wall before this path: the same at every visit."""
    return Draws("wall", target).pick(_WALLS)
