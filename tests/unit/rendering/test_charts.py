"""Charts: what they show, how they say it, and that they trust no text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html

from pincali_sync.rendering.charts import Series, bar_chart, line_chart

START = datetime(2026, 10, 26, tzinfo=UTC)


def daily(*values: float | None, name: str = "New listings") -> Series:
    points = [(START + timedelta(days=day), value) for day, value in enumerate(values)]
    return Series(name=name, points=points)


def drawn(markup: str) -> html.HtmlElement:
    return html.fragment_fromstring(markup)


def texts(figure: html.HtmlElement, css: str) -> list[str]:
    return [str(element.text_content()) for element in figure.cssselect(css)]


def test_a_line_chart_says_first_last_lowest_and_highest_to_those_who_do_not_see_it() -> None:
    figure = drawn(line_chart([daily(1_500, 900, 2_100, 1_800)], title="News", unit="listings"))
    [plot] = figure.cssselect("svg[role=img]")
    title, description = plot.get("aria-labelledby").split()
    assert figure.get_element_by_id(title).text == "News"
    assert figure.get_element_by_id(description).text == (
        "New listings: first 1,500 listings on 2026-10-26 00:00 UTC, last 1,800 listings on "
        "2026-10-29 00:00 UTC, lowest 900 listings on 2026-10-27 00:00 UTC, highest 2,100 "
        "listings on 2026-10-28 00:00 UTC."
    )


def test_a_chart_by_day_tells_dates_and_no_times() -> None:
    figure = drawn(line_chart([daily(1, 2)], title="News", by_day=True))
    assert "first 1 on 2026-10-26, last 2 on 2026-10-27" in texts(figure, "desc")[0]
    assert texts(figure, "tbody th") == ["2026-10-26", "2026-10-27"]


def test_the_axes_have_round_numbers_and_days() -> None:
    figure = drawn(line_chart([daily(*range(1_000, 4_000, 100))], title="News"))
    assert texts(figure, ".level") == ["0", "1,000", "2,000", "3,000", "4,000"]
    assert texts(figure, ".date") == ["29 Oct", "5 Nov", "12 Nov", "19 Nov"]


def test_an_axis_leaves_zero_out_where_differences_would_not_show() -> None:
    figure = drawn(line_chart([daily(95.2, 96.8)], title="Coverage", unit="%"))
    assert texts(figure, ".level") == ["95", "95.5", "96", "96.5", "97"]


def test_a_gap_interrupts_the_line_and_a_lonely_value_is_a_dot() -> None:
    figure = drawn(line_chart([daily(1, 2, None, 3, None, float("nan"), 4, 5)], title="News"))
    [path] = figure.cssselect("path")
    assert path.get("d").count("M") == 3
    assert len(figure.cssselect("circle")) == 2  # the lonely one, and the last


def test_lines_differ_by_more_than_colour_and_are_named() -> None:
    figure = drawn(line_chart([daily(1, 2), daily(2, 3, name="Removed")], title="News"))
    assert [path.get("class") for path in figure.cssselect("path")] == [
        "line series-1",
        "line series-2",
    ]
    assert texts(figure, ".legend li") == ["New listings", "Removed"]


def test_the_figures_are_there_as_a_table() -> None:
    late = Series(name="Removed", points=[(START + timedelta(days=1), 7.0)])
    figure = drawn(line_chart([daily(1_000, None), late], title="News"))
    assert texts(figure, "thead th") == ["Time", "New listings", "Removed"]
    assert [texts(row, "th, td") for row in figure.cssselect("tbody tr")] == [
        ["2026-10-26 00:00 UTC", "1,000", "–"],
        ["2026-10-27 00:00 UTC", "–", "7"],
    ]


@pytest.mark.parametrize("series", [[], [daily()], [daily(None, None)]])
def test_without_figures_a_chart_says_so(series: list[Series]) -> None:
    assert texts(drawn(line_chart(series, title="News")), ".empty") == ["No figures yet"]


@pytest.mark.parametrize("value", [0, -3, 5, 1e-9, 1e12])
def test_a_lone_value_is_drawn_whatever_it_is(value: float) -> None:
    figure = drawn(line_chart([daily(value)], title="News"))
    assert [dot.get("cx") for dot in figure.cssselect("circle")] == ["50.00%"]


def test_more_lines_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="5 series"):
        line_chart([daily(1, name=str(n)) for n in range(5)], title="News")


def test_bars_stand_in_the_given_order_with_label_and_value() -> None:
    figure = drawn(bar_chart([("0-1 days", 1_200), ("1-7 days", 4_800)], title="Ages"))
    assert texts(figure, "svg text") == ["0-1 days", "1,200", "1-7 days", "4,800"]
    assert [bar.get("width") for bar in figure.cssselect(".bar")] == ["25.00%", "100.00%"]
    assert "highest 1-7 days with 4,800" in texts(figure, "desc")[0]


def test_percentages_are_drawn_against_a_hundred() -> None:
    figure = drawn(bar_chart([("price", 50.0)], title="Coverage", unit="%"))
    assert [bar.get("width") for bar in figure.cssselect(".bar")] == ["50.00%"]


def test_bars_of_nothing_have_no_length() -> None:
    figure = drawn(bar_chart([("none", 0), ("odd", -1)], title="Ages"))
    assert [bar.get("width") for bar in figure.cssselect(".bar")] == ["0.00%", "0.00%"]
    assert texts(drawn(bar_chart([], title="Ages")), ".empty") == ["No figures yet"]


def test_a_long_label_is_cut_in_the_drawing_and_whole_in_the_table() -> None:
    figure = drawn(bar_chart([("x" * 90, 1)], title="Ages"))
    assert len(texts(figure, "svg text")[0]) == 34
    assert texts(figure, "tbody th") == ["x" * 90]


def test_ids_come_from_the_title_and_are_unique() -> None:
    one, again, other = (line_chart([daily(1)], title=title) for title in ("Año 1", "Año 1", "A 1"))
    assert one == again
    assert set(re.findall(r' id="(.*?)"', one)).isdisjoint(re.findall(r' id="(.*?)"', other))


HOSTILE = "</title><script>alert(1)</script>\"'<b onload=x>"


def test_no_text_becomes_markup() -> None:
    lines = [daily(1, name=HOSTILE), daily(2, name="b")]
    for markup in (
        line_chart(lines, title=HOSTILE, unit=HOSTILE),
        bar_chart([(HOSTILE, 1)], title=HOSTILE, unit=HOSTILE),
        line_chart([], title=HOSTILE),
    ):
        figure = drawn(markup)
        assert figure.cssselect("script, b, style") == []
        assert HOSTILE in figure.cssselect("figcaption")[0].text_content()


def test_a_chart_asks_for_no_style_of_its_own_and_nothing_from_outside() -> None:
    for markup in (
        line_chart([daily(1, 2)], title="News"),
        bar_chart([("a", 1)], title="Ages"),
    ):
        assert re.findall(r"style=|<style|<script|href=|src=|url\(|https?:", markup) == []
