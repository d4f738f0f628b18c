"""What the demo plays on: a database, a site and a node of its own, gone afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from pincali_sync.db import migrate
from pincali_workshop.stack import embedded
from pincali_workshop.stack.ports import free_port
from pincali_workshop.stack.scrapyd import node_of
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess
from pincali_workshop.standin.world.churn import Churn

# Busier than the real site, so that a few hours show something of everything.
_BUSY = Churn(births=0.12, price_changes=0.10)


class Stage:
    """Nothing of what is configured outside is touched; two stages do not see each other."""

    def __init__(self, home: Path, *, listings: int) -> None:
        self.home = home
        self.site = StandinProcess(StandinOptions(listings=listings, churn=_BUSY))
        self._node = node_of(f"http://127.0.0.1:{free_port()}", home)
        self._database_url = ""

    def set_up(self) -> None:
        """Starts the parts; on an error, `strike` takes down those that are up."""
        self._database_url = embedded.ensure_running(self.home)
        migrate.upgrade(self._database_url)
        self.site.start()
        self._node.start(self.environment(scrapyd_url="local"))

    def environment(self, scrapyd_url: str | None = None) -> Mapping[str, str]:
        """Every variable that matters, so that neither the caller's nor a `.env` has a say."""
        return {
            "PINCALI_HOME": str(self.home),
            "DATABASE_URL": self._database_url,
            "PINCALI_BASE_URL": self.site.base_url,
            "PINCALI_SITEMAP_URL": f"{self.site.base_url}/sitemap.xml",
            "SCRAPYD_URLS": scrapyd_url or self._node.url,
            "SCRAPYD_USERNAME": "",
            "SCRAPYD_PASSWORD": "",  # nosec B105 - empty is unset
            "SITE_MIN_GAP_SECONDS": "0",  # the site is ours, on loopback
            "PAGE_DELAY_SECONDS": "0",
            "DETAIL_DELAY_SECONDS": "0",
            "RETRY_BACKOFF_SECONDS": "0.2",
            "DETAIL_TRANSPORT": "playwright",
            "TIER_1_PAGES": "10",
            "TIERS_ENABLED": "1,2,3,4",
            "QUEUE_MAX_PENDING": "10000",
        }

    def strike(self) -> None:
        """Stops and deletes everything; parts that never came up are passed over."""
        self._node.stop()
        self.site.stop()
        embedded.destroy(self.home)
        shutil.rmtree(self.home, ignore_errors=True)

    def how_to_go_on(self) -> str:
        """What a person needs who keeps the stage."""
        variables = " ".join(f"{name}={value}" for name, value in self.environment().items())
        return (
            f"Left running: the site at {self.site.base_url}, Scrapyd at {self._node.url}.\n"
            f"Look around with:\n  env {variables} .venv/bin/pincali-sync status"
        )
