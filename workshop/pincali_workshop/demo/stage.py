"""What is played on: a database, a site and nodes of one's own, gone afterwards."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pincali_sync.db import migrate
from pincali_sync.files import write_private
from pincali_sync.variables import LOCAL_RUNNER
from pincali_workshop.stack import embedded
from pincali_workshop.stack.ports import free_port
from pincali_workshop.stack.processes import terminate_with
from pincali_workshop.stack.scrapyd import ScrapydNode, node_of
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess
from pincali_workshop.standin.world.churn import Churn

# By this variable all processes that play on a stage are known to those that come later.
MARK = "PINCALI_DEMO"
_KEPT = ".env"
_STOP_SECONDS = 10
# Busier than the real site, so that a few hours show something of everything.
_BUSY = Churn(births=0.12, price_changes=0.10)


def busy_site(listings: int) -> StandinOptions:
    """Few listings, of which many change in hours."""
    return StandinOptions(listings=listings, churn=_BUSY)


class Stage:
    """Nothing of what is configured outside is touched; two stages do not see each other.

    Args:
        nodes: of Scrapyd; 0: jobs are processes of this machine.
        port: the site's; 0: a free one.
        variables: those that differ from what the demo is played with.
    """

    def __init__(
        self,
        home: Path,
        site: StandinOptions,
        *,
        nodes: int = 1,
        port: int = 0,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.home = home
        self.site = StandinProcess(site, port)
        self.nodes = [node_of(f"http://127.0.0.1:{free_port()}", home) for _ in range(nodes)]
        self.database_url = ""
        self._variables = variables

    def set_up(self) -> None:
        """Starts the parts; on an error, `strike` takes down those that are up."""
        self.database_url = self.start_database()
        migrate.upgrade(self.database_url)
        self.site.start()
        for node in self.nodes:
            self.start_node(node)

    def start_database(self) -> str:
        """Starts it; returns its URL."""
        return embedded.ensure_running(self.home)

    def start_node(self, node: ScrapydNode) -> None:
        """Starts one of the nodes; its jobs see the stage's variables."""
        node.start({**self.environment(), "SCRAPYD_URLS": LOCAL_RUNNER})

    def environment(self) -> Mapping[str, str]:
        """Every variable that matters, so that neither the caller's nor a `.env` has a say."""
        nodes = ",".join(node.url for node in self.nodes)
        return {
            "PINCALI_HOME": str(self.home),
            "DATABASE_URL": self.database_url,
            "PINCALI_BASE_URL": self.site.base_url,
            "PINCALI_SITEMAP_URL": f"{self.site.base_url}/sitemap.xml",
            "SCRAPYD_URLS": nodes or LOCAL_RUNNER,
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
            **self._variables,
        }

    def strike(self) -> None:
        """Stops and deletes everything; parts that never came up are passed over."""
        for node in self.nodes:
            node.stop()
        self.site.stop()
        embedded.destroy(self.home)
        shutil.rmtree(self.home, ignore_errors=True)

    def how_to_go_on(self) -> str:
        """What a person needs who keeps the stage."""
        home = shlex.quote(str(self.home))
        program = shlex.quote(str(Path(sys.executable).parent / "pincali-sync"))
        return (
            f"Left running: the site at {self.site.base_url}, Scrapyd at {self.nodes[0].url}.\n"
            f"Look around from {self.home}, whose .env leads to it:\n"
            f"  cd {home} && {program} status\n"
            f"  cd {home} && {program} web    # then http://127.0.0.1:8080/listings\n"
            "Stop and delete it: make demo-down"
        )

    def keep(self) -> None:
        """Leaves a `.env` behind, for whoever looks around, and by which `kept` finds the stage."""
        lines = (f"{name}={value}\n" for name, value in self.environment().items() if value)
        write_private(self.home / _KEPT, "".join(lines))


def kept_stages(parent: Path) -> list[Path]:
    """The homes of stages that were kept."""
    return sorted(path.parent for path in parent.glob(f"demo-*/{_KEPT}"))


def strike_kept(home: Path) -> None:
    """Stops and deletes what an earlier process left up."""
    terminate_with(MARK, str(home), within=_STOP_SECONDS)
    embedded.destroy(home)
    shutil.rmtree(home, ignore_errors=True)
