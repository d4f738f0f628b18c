"""The photos of a detail page's own listing."""

from __future__ import annotations

from collections.abc import Iterator

from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.text import clean

# The slide show and the tour hold the full set; the gallery above them stops at five.
_IMAGES = (
    ".slideshow .swiper-slide img",
    ".photo-tour__grid img",
    ".photo-tour__grid [data-toggle-gallery]",
    ".property__gallery .picture img",
)


def photos_of(document: DetailDocument) -> tuple[str, ...]:
    """URLs of the listing's photos in the page's order, each photo once.

    A photo's query (version, size, signature) may differ between its places: the path counts.
    """
    own = f"/property_images/{document.numeric_id}/"
    by_path: dict[str, str] = {}
    for url in _image_urls(document):
        if own in url:
            by_path.setdefault(url.partition("?")[0], url)
    return tuple(by_path.values())


def _image_urls(document: DetailDocument) -> Iterator[str]:
    for selector in _IMAGES:
        for image in document.tree.css(selector):
            # Scripts move `data-src` to `src`.
            url = clean(image.attributes.get("data-src") or image.attributes.get("src"))
            if url:
                yield url
