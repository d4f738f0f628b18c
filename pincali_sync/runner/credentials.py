"""User and password of each node: as configured, else as a node of `make up` has made them.

Scrapyd runs whatever egg it is sent, for whoever reaches its port: any user of the machine, and a
page in a browser. So a node of ours is never without a password.
"""

from __future__ import annotations

import netrc
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pincali_sync.config import Config, is_loopback

Credentials = tuple[str, str]


def credentials_of(config: Config, node: str) -> Credentials | None:
    """What a node is told; None where nothing is configured and the node is not of `make up`."""
    if config.scrapyd_username and config.scrapyd_password:
        return config.scrapyd_username, config.scrapyd_password.get_secret_value()
    return read_netrc(node_folder(config.home, node)) if is_loopback(node) else None


def node_folder(home: Path, node: str) -> Path:
    """Where a node of `make up` lives."""
    return home / "scrapyd" / f"node-{urlsplit(node).port or 6800}"


def netrc_of(folder: Path) -> Path:
    """The file with a node's own password, in the form that curl and `scrapyd-deploy` read."""
    return folder / ".netrc"


def read_netrc(folder: Path) -> Credentials | None:
    """The password that a node has made for itself; None where there is none."""
    with suppress(OSError, netrc.NetrcParseError):
        found = netrc.netrc(netrc_of(folder)).authenticators("127.0.0.1")
        if found is not None:
            return found[0], found[2]
    return None
