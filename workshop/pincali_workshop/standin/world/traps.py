"""How often the site misleads: all that real sites do and a friendly one does not."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Traps:
    """Shares; a site without traps has none. Who is caught follows from the seed."""

    renamed: float = 0.0  # of listings: their slug changes while they are online, some twice
    takeovers: float = 0.0  # of births: under a slug that another listing had
    struck_out: float = 0.0  # of listings: a lowered price stands beside the old one
    two_currencies: float = 0.0  # of listings: the price is said in dollars, too
    sponsored: float = 0.0  # of search pages: a card of another site is among the others
    bare: float = 0.0  # of listings: they say neither rooms nor areas
    sitemap_dirt: float = 0.0  # of editions: each kind of dirt, by a draw of its own

    @classmethod
    def all(cls) -> Self:
        """Every trap, as often as it is on the real site or somewhat oftener."""
        return cls(
            renamed=0.12,
            takeovers=0.004,
            struck_out=0.3,
            two_currencies=0.08,
            sponsored=0.15,
            bare=0.01,
            sitemap_dirt=0.5,
        )

    @classmethod
    def names(cls) -> list[str]:
        """What the traps are called."""
        return [field.name for field in fields(cls)]
