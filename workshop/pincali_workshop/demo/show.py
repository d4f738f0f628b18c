"""The demo's last page: found, queued, scraped, and how that compares with the truth."""

from __future__ import annotations

from pincali_sync.cli.output import draw_table
from pincali_sync.cli.run_views import print_runs
from pincali_workshop.demo.compare import Comparison
from pincali_workshop.demo.tier_one import DemoResult


def show(result: DemoResult) -> None:
    """Prints the run and the comparison."""
    print_runs([result.run])
    draw_table(
        "Compared with the site",
        ("what", "on the site", "right here", "verdict"),
        [
            ("new listings found", result.born, result.run.new_properties_found, _found(result)),
            _row("new listings, field by field", result.new_listings),
            _row("changed prices", result.repriced),
            _row("all in the manifest", result.manifest),
            (*_row("all live", result.all_live)[:3], _waiting(result.all_live)),
            ("messages to advertisers", 0, result.leads, _verdict(not result.leads)),
        ],
    )
    for difference in (*result.new_listings.differences, *result.repriced.differences)[:10]:
        print(
            f"  {difference.property_id} {difference.field}: "
            f"{difference.found!r} instead of {difference.true!r}"
        )


def _found(result: DemoResult) -> str:
    return _verdict(result.run.new_properties_found == result.born)


def _row(what: str, compared: Comparison) -> tuple[str, int, int, str]:
    wrong = {difference.property_id for difference in compared.differences}
    right = compared.compared - len(compared.missing) - len(wrong)
    return (what, compared.compared, right, _verdict(compared.is_true))


def _waiting(compared: Comparison) -> str:
    """Changes that no listing page shows, such as a new translation, wait for their next visit."""
    stale = len({difference.property_id for difference in compared.differences})
    return f"{stale} due for a visit" if stale else _verdict(compared.is_true)


def _verdict(holds: bool) -> str:
    return "true" if holds else "NOT TRUE"
