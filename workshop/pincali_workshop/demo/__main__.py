"""`make demo`: the main job on a stand-in of the site, from nothing to a compared result."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from pincali_sync.browser.chromium import find_chromium
from pincali_sync.config import load_config
from pincali_sync.exceptions import ExitStatus, PincaliSyncError
from pincali_sync.files import UMASK
from pincali_workshop.demo.show import show
from pincali_workshop.demo.stage import MARK, Stage, busy_site, kept_stages, strike_kept
from pincali_workshop.demo.tier_one import initial_sync, tier_one_after

_HOURS = 6


def main() -> int:
    """Runs the demo; 0 when the live table says what the site says."""
    os.umask(UMASK)
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything up (KEEP=1)")
    parser.add_argument("--down", action="store_true", help="stop and delete what was kept")
    parser.add_argument("--listings", type=int, default=300)
    arguments = parser.parse_args()
    try:
        if arguments.down:
            return _strike_all(load_config().home)
        find_chromium(load_config())
        return _play(arguments.listings, keep=arguments.keep)
    except PincaliSyncError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_status


def _strike_all(parent: Path) -> int:
    homes = kept_stages(parent)
    for home in homes:
        strike_kept(home)
        print(f"Stopped and deleted: {home}")
    if not homes:
        print(f"No demo was kept in {parent}.")
    return ExitStatus.DONE


def _play(listings: int, *, keep: bool) -> int:
    parent = load_config().home
    parent.mkdir(parents=True, exist_ok=True)
    stage = Stage(Path(tempfile.mkdtemp(prefix="demo-", dir=parent)), busy_site(listings))
    os.environ[MARK] = str(stage.home)
    try:
        print("Starting PostgreSQL, a stand-in of the site and Scrapyd ...", flush=True)
        stage.set_up()
        if keep:
            stage.keep()
        # Spiders, runner and commands read the environment: theirs is the demo's from here on.
        os.environ.update(stage.environment())
        os.chdir(stage.home)  # away from the `.env` of whoever runs this
        print(
            f"First sync of {listings} listings, to start from a database in sync ...", flush=True
        )
        asyncio.run(initial_sync(stage))
        print(f"{_HOURS} hours pass on the site. Tier 1 runs on Scrapyd ...", flush=True)
        result = asyncio.run(tier_one_after(stage, hours=_HOURS))
        show(result)
        if keep:
            print(stage.how_to_go_on())
        return ExitStatus.DONE if result.is_true else ExitStatus.FAILED
    finally:
        if not keep:
            stage.strike()


if __name__ == "__main__":
    raise SystemExit(main())
