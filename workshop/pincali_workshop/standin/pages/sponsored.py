"""Cards among the results that lead to other sites."""

from __future__ import annotations

from collections.abc import Sequence

from pincali_workshop.standin.world.draws import Draws

_HOSTS = ("https://ads.partner-homes.example", "https://pincali.com.example", "//promo.example")
_PATHS = (
    "/en/home/casa-patrocinada-{}",
    "/inmueble/desarrollo-{}?utm_source=pincali&utm_medium=ad",
)


def with_sponsored(cards: Sequence[bytes], page: str, form: str, share: float) -> list[bytes]:
    """The cards of a page, with one more among them on this share of the pages."""
    draws = Draws("sponsored", page)
    if not cards or not draws.chance(share):
        return list(cards)
    place = draws.integer(0, len(cards))
    return [*cards[:place], _card(draws, form), *cards[place:]]


def _card(draws: Draws, form: str) -> bytes:
    tag, number = "li" if form == "2025" else "div", draws.integer(1, 999)
    href = draws.pick(_HOSTS) + draws.pick(_PATHS).format(number)
    price = f"${number},000,000" + ("" if form == "2025" else " MXN")
    return f"""<{tag} class="property__component sponsored" data-lat="20.5" data-long="-100.4">
  <a class="property__content property-content d-block" rel="sponsored" href="{href}">
    <section>
      <div class="top"><div class="title">Desarrollo {number}</div></div>
      <div class="location">House in Otro Lado, Querétaro</div>
      <div class="features"><div>3 bedrooms</div></div>
      <{tag} class="price">{price}<span>For Sale</span></{tag}>
    </section>
</a></{tag}>""".encode()
