"""The photos of a detail page, four times over: gallery, slideshow, full screen and tour."""

from __future__ import annotations

from html import escape

from pincali_workshop.standin.pages.markup import icon
from pincali_workshop.standin.pages.photos import photo_urls
from pincali_workshop.standin.world.listing import Listing

_GALLERY_PHOTOS = 5
_OPENS_TOUR = (
    'data-visibility-toggler="[data-photo-tour]" data-class-toggler=\''
    '{"target":"body","class":"photo-tour-open"}\''
)


def media(listing: Listing, base_url: str) -> str:
    """All four; before any script ran, photos are named by `data-src`."""
    urls = [escape(url) for url in photo_urls(listing, base_url)]
    return f"""<div class="listing__media">
<div class="gallery"><div class="property__gallery"><div class="gallery ">
{_gallery(urls)}</div></div></div>
<div class="slideshow" data-fadeout-target="">
<div class="swiper swiper-fit cursor-pointer" data-carrousel="true" data-carrousel-keyboard="true">
<div class="swiper-wrapper">
{"".join(_slide(number, url, urls) for number, url in enumerate(urls, 1))}</div>
<div class="swiper-button-next" data-carousel-button-next=""></div>
<div class="swiper-button-prev" data-carousel-button-prev=""></div>
</div></div>
<div data-swiper-gallery="" class="swiper-fullscreen hide-fullscreen">
<div class="swiper" data-full-screen-carousel="true"><div class="swiper-wrapper">
{"".join(_full_screen(number, url, urls) for number, url in enumerate(urls, 1))}</div></div></div>
<div class="photo-tour" data-photo-tour=""><div class="photo-tour__container"><div class="photo-tour__grid">
{"".join(_tour(number, url) for number, url in enumerate(urls))}</div></div></div>
</div>
"""  # noqa: E501


def _gallery(urls: list[str]) -> str:
    pictures = [
        f'<div class="picture"><img alt="{_of(number, urls)}" {_OPENS_TOUR}'
        f' data-load-rasterized-image="true" data-src="{url}"></div>\n'
        for number, url in enumerate(urls[:_GALLERY_PHOTOS], 1)
    ]
    counter = (
        f'<div class="picture-counter">{icon("fa-images", "far")}'
        f'<div class="fw-medium">See all ({len(urls)})</div></div>\n'
    )
    return "".join(pictures) + counter


def _slide(number: int, url: str, urls: list[str]) -> str:
    return f"""<div class="swiper-slide">
  <img alt="{_of(number, urls)}" loading="lazy" data-src="{url}" {_OPENS_TOUR} data-load-rasterized-image="true">
  <div class="swiper-caption"></div>
</div>
"""  # noqa: E501


def _full_screen(number: int, url: str, urls: list[str]) -> str:
    return f"""<div class="swiper-slide">
  <div class="swiper-zoom-container"><img alt="{_of(number, urls)}" loading="lazy" data-src="{url}"></div>
  <div class="swiper-pagination-counter">{number} / {len(urls)}</div>
</div>
"""  # noqa: E501


def _tour(number: int, url: str) -> str:
    return (
        f'<img loading="lazy" data-toggle-gallery="{number}"'
        f' data-load-rasterized-image="true" data-src="{url}">\n'
    )


def _of(number: int, urls: list[str]) -> str:
    return f"{number} of {len(urls)}"
