"""Pages of a site that is not well, and its log-in: none of them is about a listing."""

from __future__ import annotations

from pincali_workshop.standin.pages.chrome import footer, head, top_bar
from pincali_workshop.standin.world.draws import Draws

_OUTAGES = (
    "We are having technical problems. For the moment some listings may show as no longer "
    "available, though they are.",
    "Tenemos problemas técnicos: algunos anuncios pueden aparecer como ya no disponibles.",
    "Something went wrong on our side. If a property is shown as sold, please try again later.",
)


def outage_page(target: str, base_url: str) -> bytes:
    """200, with words that gone listings have, too; in the site's frame or bare."""
    draws = Draws("outage", target)
    text, framed = draws.pick(_OUTAGES), draws.chance(0.5)
    body = f"<main><h1>We will be right back</h1><p>{text}</p></main>"
    if framed:
        return _framed("We will be right back", body, base_url)
    return _bare("Service notice", body)


def maintenance_page() -> bytes:
    """What is shown while the site is being worked on."""
    return _bare("Scheduled maintenance", "<h1>Scheduled maintenance</h1><p>Back at noon.</p>")


def captcha_page() -> bytes:
    """A puzzle for a person."""
    return _bare("Human Verification", "<p>Choose all the bridges.</p>")


def login_step_page(base_url: str) -> bytes:
    """The first step of the log-in: it asks for an address, and for no password yet."""
    body = """<main><h1>Log in or create an account</h1>
<form action="/account/authentication" method="post">
  <input type="email" name="authentication[email]" id="authentication_email">
  <input type="submit" name="commit" value="Continue">
</form></main>"""
    return _framed("Log in or create an account", body, base_url, css_class="account")


def _framed(title: str, body: str, base_url: str, css_class: str = "marketplace") -> bytes:
    return f"""{head(title, title, base_url)}  <body class="{css_class}">
{top_bar(base_url)}{body}
{footer()}  </body>
</html>
""".encode()


def _bare(title: str, body: str) -> bytes:
    return f"<!DOCTYPE html>\n<title>{title}</title>\n<body>{body}</body>\n".encode()
