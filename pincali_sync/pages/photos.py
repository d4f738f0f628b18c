"""Photos are shown from the site's own host, or from the one that it keeps them on."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from pincali_sync.domain.headers import LONGEST_URL, whole_url
from pincali_sync.pages.text import clean

_ROOTS = ("https://assets.easybroker.com/", "https://www.pincali.com/", "https://pincali.com/")


def photo_of(image: LexborNode, page_url: str) -> str | None:
    """An image's URL, before scripts or after: they move `data-src` to `src`."""
    attributes = image.attributes
    return photo_url(attributes.get("data-src") or attributes.get("src"), page_url)


def photo_url(shown: object, page_url: str) -> str | None:
    """A photo's whole URL; None for one on any other host."""
    text, (roots, hosts) = clean(shown), _places(page_url)
    if text is None or len(text) > LONGEST_URL:
        return None
    if text.startswith(roots):
        return text
    url = whole_url(page_url, text)
    return url if url and urlsplit(url).hostname in hosts else None


@lru_cache(maxsize=16)
def _places(page_url: str) -> tuple[tuple[str, ...], frozenset[str | None]]:
    """Where photos are, as roots and as hosts. The site is where the page was fetched, too: a
    stand-in has a host of its own."""
    page = urlsplit(page_url)
    roots = (*_ROOTS, f"{page.scheme}://{page.netloc}/")
    return roots, frozenset(urlsplit(root).hostname for root in roots)
