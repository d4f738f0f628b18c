"""The pages that are no listing: home, not found, no longer there, and a challenge."""

from __future__ import annotations

from html import escape

from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.pages.chrome import footer, head, top_bar
from pincali_workshop.standin.pages.language import Language


def home_page(base_url: str) -> bytes:
    """The front page, with a link to each search."""
    links = "".join(
        f'<li><a href="{source.path}">{source.path.rsplit("/", 1)[-1]}</a></li>\n'
        for source in ListingSource
    )
    return _page("Homes in Mexico", f"<h1>Homes in Mexico</h1>\n<ul>{links}</ul>", base_url)


def not_found_page(base_url: str) -> bytes:
    """What a URL that never existed answers."""
    text = "<h1>The page you were looking for doesn't exist.</h1>"
    return _page("Page not found", text, base_url)


def rejected_page(base_url: str) -> bytes:
    """What goes with 422."""
    text = "<h1>The change you wanted was rejected.</h1><p>Maybe you tried something else.</p>"
    return _page("The change you wanted was rejected", text, base_url)


def soft_gone_page(language: Language, base_url: str) -> bytes:
    """What a removed listing answers where the status is 200 all the same."""
    text = f'<div class="listing__unavailable"><h1>{escape(language.gone)}</h1></div>'
    return _page(language.gone, text, base_url)


def sold_page(language: Language, base_url: str) -> bytes:
    """What a listing answers that was sold or rented."""
    text = f'<div class="listing__unavailable"><h1>{escape(language.sold)}</h1></div>'
    return _page(language.sold, text, base_url)


def challenge_page(base_url: str) -> bytes:
    """A firewall's challenge: 202, and a script instead of a page."""
    return f"""<!DOCTYPE html>
<html lang="en"><head><title>Human Verification</title>
<script>
window.awsWafCookieDomainList = [];
window.gokuProps = {{"key":"standin","iv":"standin","context":"standin"}};
</script>
<script src="{base_url}/assets/challenge.js"></script>
</head><body><div id="challenge-container"></div>
<noscript><h1>JavaScript is disabled</h1>
In order to continue, we need to verify that you're not a robot.</noscript>
</body></html>
""".encode()


def _page(title: str, body: str, base_url: str) -> bytes:
    return f"""{head(title, title, base_url)}  <body class="marketplace">
{top_bar(base_url)}<main>{body}</main>
{footer()}  </body>
</html>
""".encode()
