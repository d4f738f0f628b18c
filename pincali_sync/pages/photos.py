"""Photos are shown from the site's own host, or from the one that it keeps them on."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from pincali_sync.domain.headers import whole_url
from pincali_sync.pages.text import clean

_PLACES = ("https://assets.easybroker.com/", "https://www.pincali.com/", "https://pincali.com/")
_LONGEST = 2_048


def photo_of(image: LexborNode, page_url: str) -> str | None:
    """An image's URL, before scripts or after: they move `data-src` to `src`."""
    attributes = image.attributes
    return photo_url(attributes.get("data-src") or attributes.get("src"), page_url)


def photo_url(shown: object, page_url: str) -> str | None:
    """A photo's whole URL; None for one on any other host."""
    text, places = clean(shown), _places(page_url)
    if text is None or len(text) > _LONGEST:
        return None
    url = text if text.startswith(places) else whole_url(page_url, text)
    return url if url and url.startswith(places) else None


@lru_cache(maxsize=16)
def _places(page_url: str) -> tuple[str, ...]:
    """The site is where the page was fetched, too: a stand-in has a host of its own."""
    page = urlsplit(page_url)
    return (*_PLACES, f"{page.scheme}://{page.netloc}/")
