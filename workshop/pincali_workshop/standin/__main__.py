"""`python -m pincali_workshop.standin`: serves the stand-in site until it is stopped."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from pincali_sync.exceptions import ExitStatus, UsageError
from pincali_workshop.standin.options import (
    FORMS,
    PAGE_SIZES,
    RemovalMode,
    StandinOptions,
)
from pincali_workshop.standin.server import serve
from pincali_workshop.standin.world.churn import Churn

_DEFAULTS = StandinOptions()


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses the command line and serves; returns the exit status."""
    parsed = _parser().parse_args(arguments)
    try:
        options = StandinOptions(
            listings=parsed.listings,
            seed=parsed.seed,
            form=parsed.form,
            page_size=parsed.page_size,
            page_cap=parsed.page_cap,
            start=parsed.start,
            speed=parsed.speed,
            crawl_delay=parsed.crawl_delay,
            removal_mode=RemovalMode(parsed.removal_mode),
            churn=Churn(**{field.name: getattr(parsed, field.name) for field in fields(Churn)}),
        )
    except UsageError as error:
        print(error, file=sys.stderr)
        return ExitStatus.USAGE
    serve(options, parsed.host, parsed.port)
    return ExitStatus.DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pincali_workshop.standin", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--listings", type=int, default=_DEFAULTS.listings)
    add("--seed", type=int, default=_DEFAULTS.seed)
    add("--form", choices=FORMS, default=_DEFAULTS.form)
    add("--page-size", type=int, choices=PAGE_SIZES, default=_DEFAULTS.page_size)
    add("--page-cap", type=int, default=_DEFAULTS.page_cap)
    add(
        "--start", type=datetime.fromisoformat, default=_DEFAULTS.start, help="ISO 8601 with a zone"
    )
    add("--speed", type=float, default=_DEFAULTS.speed, help="clock seconds per real second")
    add("--crawl-delay", type=float, default=_DEFAULTS.crawl_delay, help="seconds, in robots.txt")
    add(
        "--removal-mode",
        choices=[str(mode) for mode in RemovalMode],
        default=_DEFAULTS.removal_mode,
    )
    for field in fields(Churn):
        name = f"--{field.name.replace('_', '-')}"
        add(name, type=float, default=field.default, help="a share of the stock, see Churn")
    return parser


if __name__ == "__main__":
    sys.exit(main())
