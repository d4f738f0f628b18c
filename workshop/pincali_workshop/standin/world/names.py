"""The slugs a listing has in the course of its life, and what its former ones answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.life import DAY, Life, Origin

_FIRST_AFTER = (1, 26)  # days
_SECOND_AFTER = (2, 9)
_TWICE = 0.25  # of those renamed: once more,
_BACK = 0.4  # and then to the first slug
_LEAD = (0.1, 2.5)  # days by which pages or the sitemap are ahead of the other
_PARTS = ("oportunidad-{}", "{}-remodelada", "{}-precio-mejorado", "preventa-{}", "{}-1")


class FormerSlug(StrEnum):
    """What a slug answers that its listing has no more."""

    REDIRECT = "redirect"  # 301 to the listing's present slug
    NOT_FOUND = "404"
    PAGE = "page"  # the listing's page all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One slug of a listing."""

    slug: str
    shown_from: int  # on cards and on the page itself
    listed_from: int  # in the sitemap

    @property
    def answers_from(self) -> int:
        """When it begins to lead to the listing."""
        return min(self.shown_from, self.listed_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """All slugs of a listing, in their order."""

    all: tuple[Name, ...]
    former: FormerSlug

    def shown_at(self, at: int) -> Name:
        """The one on pages; the first before its time."""
        return next((name for name in reversed(self.all) if name.shown_from <= at), self.all[0])

    def listed_at(self, at: int) -> Name:
        """The one in the sitemap."""
        return next((name for name in reversed(self.all) if name.listed_from <= at), self.all[0])

    def is_former(self, slug: str, at: int) -> bool:
        """Whether it is neither what pages show nor what already leads to the listing."""
        newest = [name for name in self.all if name.answers_from <= at][-1:]
        return slug not in {self.shown_at(at).slug, *(name.slug for name in newest)}


def names_of(origin: Origin, index: int, life: Life, slug: str) -> Names:
    """The names of the listing that comes under this slug."""
    first = Name(slug=slug, shown_from=life.birth, listed_from=life.birth)
    draws = Draws(origin.seed, index, "names")
    if not draws.chance(origin.traps.renamed):
        return Names(all=(first,), former=FormerSlug.REDIRECT)
    former = draws.weighted(
        ((FormerSlug.REDIRECT, 0.6), (FormerSlug.NOT_FOUND, 0.2), (FormerSlug.PAGE, 0.2))
    )
    known_since = max(life.birth, origin.start)
    second = _renamed(draws, known_since, _FIRST_AFTER, draws.pick(_PARTS).format(slug))
    names = [first, second]
    if draws.chance(_TWICE):
        third = slug if draws.chance(_BACK) else f"{second.slug}-2"
        names.append(_renamed(draws, second.shown_from, _SECOND_AFTER, third))
    return Names(all=_while_online(names, life), former=former)


def _renamed(draws: Draws, since: int, days: tuple[int, int], slug: str) -> Name:
    """Pages show it first, or the sitemap does."""
    at = since + int(draws.between(*days) * DAY)
    lead = int(draws.between(*_LEAD) * DAY)
    shown, listed = (at, at + lead) if draws.chance(0.5) else (at + lead, at)
    return Name(slug=slug, shown_from=shown, listed_from=listed)


def _while_online(names: Sequence[Name], life: Life) -> tuple[Name, ...]:
    """Nobody renames what is gone for good."""
    end = life.spells[-1][1]
    return tuple(name for name in names if max(name.shown_from, name.listed_from) < end)
