"""Text from the site made fit to be shown, prices as a line, progress, and charts' figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from markupsafe import Markup

from pincali_sync.db.repositories.insights.dossier import Change
from pincali_sync.db.repositories.insights.history import DayCount, HistoryPoint
from pincali_sync.db.repositories.queue.queue import RunQueueCounts
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.runs.sessions import SourcePages
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.domain.schedule import SITE_ZONE
from pincali_sync.rendering.charts import Point
from pincali_sync.rendering.values import told, web_url
from pincali_sync.services.insights.snapshot import LiveFigures
from pincali_sync.services.runs.run_figures import progress_of
from pincali_sync.web import trends
from pincali_sync.web.trends import price_line
from pincali_sync.web.words import labelled, plain, rest, slug

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOTHING_QUEUED = RunQueueCounts(queued=0, open=0, completed=0, failed=0, open_verifications=0)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Casa  en\n venta", "Casa en venta"),
        ("a\u202eevil\u202c b", "aevil b"),
        ("zero\u200bwidth\x00\x1b[31m", "zerowidth[31m"),
        (["a", "b"], '["a", "b"]'),
        (None, "null"),
        ("x" * 200, "x" * 119 + "…"),
        ("lone \ud800 surrogate", "lone surrogate"),
    ],
)
def test_text_is_shown_on_one_line_without_what_cannot_be_seen(given: object, shown: str) -> None:
    assert plain(given).replace("  ", " ") == shown


def test_ten_kilobytes_of_title_cost_no_more_than_a_line() -> None:
    assert len(plain("muy largo " * 1_000)) == 120


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "JaVaScRiPt://x/%0aalert(1)",
        "data:text/html,<script>",
        "//evil.test/x",
        "/en/home/x",
        "https://",
        "http://[",
        "",
        None,
    ],
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert web_url(url) is None


def test_a_listings_address_is_a_link_and_named_by_its_slug() -> None:
    url = "https://www.pincali.com/en/home/blue-house"
    assert web_url(url) == url
    assert slug(url) == "blue-house"
    assert slug("") == ""


# --- prices ---------------------------------------------------------------------------------------


def change(field: str, old: Any, new: Any, *, days_ago: float) -> Change:
    return Change(
        created_at=NOW - timedelta(days=days_ago),
        change_type="updated",
        field_name=field,
        old_value=old,
        new_value=new,
        change_reason=None,
    )


def live(**columns: Any) -> dict[str, Any]:
    return {
        "price": 90,
        "listing_status": "active",
        "first_seen_at": NOW - timedelta(days=30),
        "last_seen_at": NOW - timedelta(days=2),
        **columns,
    }


def days_and_values(line: list[Point]) -> list[tuple[float, float | None]]:
    return [((NOW - at).total_seconds() / 86_400, value) for at, value in line]


def test_a_price_goes_in_steps_from_first_sight_to_now() -> None:
    changes = [change("price", 95, 90, days_ago=3), change("price", 100, 95, days_ago=10)]
    assert days_and_values(price_line(changes, live(), NOW)) == [
        (30, 100), (10, 100), (10, 95), (3, 95), (3, 90), (0, 90),
    ]  # fmt: skip


def test_a_price_that_never_changed_is_a_level_line() -> None:
    assert days_and_values(price_line([], live(), NOW)) == [(30, 90), (0, 90)]


def test_prices_in_another_currency_are_left_out_of_the_line() -> None:
    changes = [
        change("price", 95, 90, days_ago=3),
        change("currency", "USD", "MXN", days_ago=10),
        change("price", 5, 95, days_ago=10),
    ]
    assert days_and_values(price_line(changes, live(), NOW)) == [
        (10, 95), (3, 95), (3, 90), (0, 90),
    ]  # fmt: skip


def test_the_line_of_a_listing_that_is_gone_ends_when_it_was_seen_last() -> None:
    gone = live(listing_status="confirmed_removed")
    assert days_and_values(price_line([], gone, NOW)) == [(30, 90), (2, 90)]


def test_there_is_no_line_without_a_price() -> None:
    assert price_line([], live(price=None), NOW) == []
    assert price_line([], None, NOW) == []


# --- progress -------------------------------------------------------------------------------------


def run(**columns: Any) -> SyncRun:
    values: dict[str, Any] = dict.fromkeys(SyncRun.__dataclass_fields__)
    notes = RunNotes.model_validate(columns.pop("details", {}))
    return SyncRun(**{**values, "id": uuid4(), "status": "running", "details": notes, **columns})


def pages(source: str, read: int, **columns: int | None) -> SourcePages:
    values: dict[str, Any] = {"pages_lost": 0, "pages_declared": None, "pages_wanted": None}
    return SourcePages(**{**values, "source": source, "pages_read": read, **columns})


def test_a_scan_of_so_many_pages_is_measured_by_them_or_by_what_there_are() -> None:
    found = progress_of(
        run(details={"depths": {"rent": 10, "sale": 10}}),
        [pages("sale", 4, pages_declared=100), pages("rent", 2, pages_declared=3)],
        NOTHING_QUEUED,
        [],
    )
    assert [(s.source, s.pages_read, s.pages_expected) for s in found.sources] == [
        ("sale", 4, 10),
        ("rent", 2, 3),
    ]
    assert (found.pages_read, found.pages_expected) == (6, 13)


def test_a_full_scan_is_measured_by_the_last_one_until_its_walk_ends() -> None:
    before = run(
        status="completed",
        details={
            "depths": {"sale": 0, "rent": 0},
            "sources": [{"source": "sale", "pages_read": 900}],
        },
    )
    found = progress_of(
        run(details={"depths": {"sale": 0, "rent": 0}}),
        [pages("sale", 30, pages_declared=100), pages("rent", 12, pages_wanted=12)],
        NOTHING_QUEUED,
        [before],
    )
    assert [each.pages_expected for each in found.sources] == [900, 12]


def test_where_nothing_tells_how_many_pages_there_are_none_are_expected() -> None:
    found = progress_of(run(details={"depths": {"sale": 0}}), [], NOTHING_QUEUED, [run()])
    assert (found.pages_read, found.pages_expected) == (0, None)


# --- charts ---------------------------------------------------------------------------------------


def test_days_without_any_change_are_zero_and_today_is_the_zones() -> None:
    now = datetime(2026, 11, 23, 3, tzinfo=UTC)  # still the 22nd in Mexico City
    counts = [DayCount(series="removals", day=date(2026, 11, 20), count=7)]
    _, series = trends.by_day(counts, now, SITE_ZONE)
    assert [value for _, value in series.points][-4:] == [0, 7, 0, 0]
    assert len(series.points) == 30


def test_ages_are_told_apart_and_add_up() -> None:
    figures = LiveFigures(
        by_status={},
        present=100,
        scraped_within={1: 10, 7: 30, 30: 80},
        never_scraped=5,
        stale=20,
        oldest_scrape_at=None,
    )
    assert trends.freshness(figures) == [
        ("within 1 d", 10),
        ("1 to 7 d", 20),
        ("7 to 30 d", 50),
        ("over 30 d", 15),
        ("never fetched", 5),
    ]


def test_trends_are_thinned_and_add_up_labels() -> None:
    history = [
        HistoryPoint(
            taken_at=NOW + timedelta(hours=hour),
            figures={
                "pincali_queue_pending priority=1 reason=new_property": hour,
                "pincali_queue_pending priority=2 reason=price_change": 1,
                "pincali_queue_pending_other": 1_000,
                "pincali_live_listings status=active": 5,
                "pincali_live_listings status=sold": 100,
            },
        )
        for hour in range(12)
    ]
    [pending] = trends.queue_over_time(history)
    assert [value for _, value in pending.points] == [6, 12]
    present, stale = trends.listings_over_time(history)
    assert [value for _, value in present.points] == [5, 5]
    assert [value for _, value in stale.points] == [None, None]


def test_the_cells_of_a_row_know_their_headings() -> None:
    row = Markup('<tr><th class="when">now</th><td colspan="2">rest</td><td> – </td></tr>')
    assert labelled(row, ["When", "A", "B", "#Of <all>"]) == (
        '<tr><th class="when" data-label="When">now</th><td colspan="2">rest</td>'
        '<td data-label="Of &lt;all&gt;" data-none> – </td></tr>'
    )
    assert labelled(Markup("\n<tr><td>1</td></tr>"), ["A"], rest('Of "all"  pages')) == (
        '<tr id="rest:Of-&#34;all&#34;-pages"><td data-label="A">1</td></tr>'
    )


def test_what_stands_in_groups_is_told_group_by_group() -> None:
    amenities = {"General": ["Elevator", "Gym"], "Policies": ["No smoking"]}
    assert told(amenities) == "General: Elevator, Gym; Policies: No smoking"
    for other in ({}, {"a": 1}, {"a": [1]}):
        assert told(other) == other
