"""Values as people read them, and templates that escape and are strict."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from pincali_sync.moments import instant, show_times_in
from pincali_sync.rendering import formats
from pincali_sync.rendering.charts import Series, bar_chart, line_chart
from pincali_sync.rendering.formats import environment, stylesheet

NOW = datetime(2026, 11, 25, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234, "1,234"), (0, "0"), (0.25, "0.25"), (Decimal("10.00"), "10"), (-0.001, "0")],
)
def test_numbers_have_groups_and_no_idle_decimals(value: float | Decimal, text: str) -> None:
    assert formats.number(value) == text


def test_a_share_is_a_percentage() -> None:
    assert [formats.share(each) for each in (0.123, 1, 0)] == ["12.3 %", "100.0 %", "0.0 %"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (11_520, "3 h 12 min"),
        (86_400, "1 d"),
        (190_000, "2 d 4 h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    assert formats.duration(seconds) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=90), "1 h 30 min ago"),
        (timedelta(days=3, hours=5), "3 d 5 h ago"),
        (timedelta(minutes=-5, seconds=-30), "in 5 min"),
        (timedelta(hours=-1, minutes=-53), "in 1 h 53 min"),
    ],
)
def test_an_age_has_two_units_and_no_seconds(ago: timedelta, text: str) -> None:
    assert formats.age(NOW - ago, NOW) == text


def test_an_instant_is_told_in_utc() -> None:
    mexico = timezone(timedelta(hours=-6))
    assert instant(datetime(2026, 11, 25, 0, 0, tzinfo=mexico)) == "2026-11-25 06:00 UTC"


def test_times_and_charts_are_told_in_the_zone_of_the_process() -> None:
    show_times_in(ZoneInfo("America/Mexico_City"))
    try:
        assert instant(NOW) == "2026-11-25 00:00 CST"
        points = [(NOW + timedelta(days=day), day) for day in (0, 1, 2, 3)]
        chart = line_chart([Series(name="n", points=points)], title="T")
        assert re.findall(r"([0-9]+ Nov)", chart)[:2] == ["25 Nov", "26 Nov"]
        # Each tick stands at the zone's midnight: the first one where the first point is.
        assert re.findall(r'class="date[^>]* x="([0-9.]+)%"', chart)[0] == "0.00"
    finally:
        show_times_in(UTC)


def test_money_names_its_currency_where_it_has_one() -> None:
    assert formats.money(Decimal("1250000.50"), "MXN") == "1,250,000.50 MXN"
    assert formats.money(900, None) == "900"


def test_what_is_not_there_is_a_dash() -> None:
    assert {
        formats.number(None),
        formats.share(None),
        formats.duration(None),
        formats.age(None, NOW),
        instant(None),
        formats.money(None, "MXN"),
    } == {"–"}


def test_templates_escape_everything_and_mind_what_is_missing() -> None:
    templates = environment("pincali_sync.rendering", bar_chart)
    shown = templates.from_string("{{ title }} {{ 1234 | number }}{{ bar_chart([], title='x') }}")
    page = shown.render(title="<b>")
    assert page.startswith('&lt;b&gt; 1,234<figure class="chart">')
    with pytest.raises(UndefinedError):
        templates.from_string("{{ nobody }}").render()


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_colours_meet_wcag_aa_in_both_modes(mode: int) -> None:
    block = re.findall(r":root \{(.*?)\}", stylesheet(), re.S)[mode]
    colour = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", block))
    on_backs = [(word, f"{word}-back") for word in ("ok", "warn", "bad")]
    on_any = [
        (ink, paper) for ink in ("text", "quiet", "accent", "bad") for paper in ("page", "surface")
    ]
    readable = [
        *on_backs,
        *on_any,
        ("on-accent", "accent"),
        ("text", "sunken"),
        ("quiet", "sunken"),
    ]
    assert {pair for pair in readable if _contrast(colour[pair[0]], colour[pair[1]]) < 4.5} == set()
    drawn = [(f"series-{n}", "surface") for n in range(1, 5)] + [("strong-line", "surface")]
    assert {pair for pair in drawn if _contrast(colour[pair[0]], colour[pair[1]]) < 3} == set()
