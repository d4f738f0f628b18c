"""What is wrong with an edition of the sitemap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.life import DAY

LAG_DAYS = 4
_ERRORS = 0.1  # of the dirty files: an error instead of the file, with status 200
_ODD_ENTRIES = (
    "<url><loc>https://agencia.example/inmueble/casa-de-otro-sitio</loc></url>\n",
    "<url><loc>https://www.pincali.com/inmobiliarios?page=2&sort=name</loc></url>\n",
    "<url><loc>  </loc></url>\n",
    "<url></url>\n",
)


@dataclass(frozen=True, slots=True)
class Dirt:
    """What one edition draws; a share of 0 is a clean one."""

    seed: int
    edition: datetime
    share: float

    @property
    def lag(self) -> int:
        """For how many seconds it lists what is no more: all editions are as late."""
        return LAG_DAYS * DAY if self.share else 0

    @property
    def nests(self) -> bool:
        """Whether its index names another index."""
        return self._draws("nests").chance(self.share)

    def is_blank_first(self, name: str) -> bool:
        """Whether a file begins with an empty line."""
        return self._draws("blank", name).chance(self.share)

    def is_error(self, name: str) -> bool:
        """Whether the store says in place of a file that it has no answer."""
        return self._draws("error", name).chance(self.share * _ERRORS)

    def entries(self, name: str) -> str:
        """Entries of a shard that are not of the site, hold a bare "&", or nothing."""
        draws = self._draws("entries", name)
        return "".join(entry for entry in _ODD_ENTRIES if draws.chance(self.share))

    def _draws(self, *what: str) -> Draws:
        return Draws(self.seed, self.edition.isoformat(), "dirt", *what)
