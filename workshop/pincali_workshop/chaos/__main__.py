"""`make chaos`: kills -9, a seed, and whether the end is that of an undisturbed course."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from statistics import median

from pincali_sync.cli.output import draw_table, echo, print_json
from pincali_sync.exceptions import ExitStatus, PincaliSyncError
from pincali_sync.files import UMASK
from pincali_workshop.chaos.course import course_for
from pincali_workshop.chaos.kinds import Kind
from pincali_workshop.chaos.storm import Storm, Weather, calm_course, storm

_LISTINGS = {"http": 100, "playwright": 40}
_DIVERGENCES_SHOWN = 40
_TERMINATED = 128 + signal.SIGTERM


def main() -> int:
    """0 when the disturbed course ended where the undisturbed one did."""
    os.umask(UMASK)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))  # the stage is struck first
    arguments = _arguments()
    try:
        weather = _weather(arguments)
        ended = storm(weather, calm_course(weather, _say), _say)
    except PincaliSyncError as error:
        print(f"chaos: {error}", file=sys.stderr)
        return error.exit_status
    if arguments.json:
        print_json(ended.as_data())
    else:
        show(ended)
    return ExitStatus.FAILED if ended.divergences else ExitStatus.DONE


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="SEED=")
    parser.add_argument("--kills", type=int, default=20, help="KILLS=")
    parser.add_argument("--browser", action="store_true", help="pages in Chromium, killed too")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _weather(arguments: argparse.Namespace) -> Weather:
    transport = "playwright" if arguments.browser else "http"
    return Weather(
        seed=arguments.seed,
        kills=arguments.kills,
        kinds=[kind for kind in Kind if arguments.browser or kind is not Kind.BROWSER],
        acts=course_for(arguments.kills),
        listings=_LISTINGS[transport],
        transport=transport,
    )


def show(ended: Storm) -> None:
    """Prints the kills by kind, how long it took to recover, and what is not the same."""
    rows = []
    for kind in ended.weather.kinds:
        if seconds := ended.recoveries(kind):
            rows.append((kind, len(seconds), f"{median(seconds):.1f}", f"{max(seconds):.1f}"))
    title = f"Seed {ended.weather.seed}: {len(ended.struck)} kills"
    draw_table(title, ("who", "kills", "median, s", "most, s"), rows)
    echo("Until a runner has ticked, and all that was under way is under way again or done.")
    if missed := len(ended.blows) - len(ended.struck):
        echo(f"{missed} found nobody to hit before the course was over.")
    for each in ended.divergences[:_DIVERGENCES_SHOWN]:
        echo(f"{each.what}: {each.name}: {each.undisturbed} undisturbed, {each.disturbed} here")
    echo(f"{len(ended.divergences)} divergences.")


if __name__ == "__main__":
    raise SystemExit(main())
