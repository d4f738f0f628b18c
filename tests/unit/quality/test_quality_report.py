"""A quality report as a page and in Markdown: what it says, compares, escapes and leaves out."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from pincali_sync.exceptions import WriteError
from pincali_sync.reports.quality_report import render_html, render_markdown, write_report
from tests.support.quality import figures, report, rule

HOSTILE = "<script>alert('x')</script>|`[a](javascript:b)\n# c"


def rendered(now: dict[str, Any], before: dict[str, Any] | None = None) -> html.HtmlElement:
    return parsed(render_html(report(now, before)))


def parsed(source: str) -> html.HtmlElement:
    return html.document_fromstring(source)


def row(page: html.HtmlElement, heading: str) -> list[str]:
    """The cells of the first table row that begins so."""
    for cell in page.cssselect("main .table-scroll:not(.chart .table-scroll) tbody th"):
        if cell.text_content() == heading:
            cells = cell.getparent().cssselect("td")
            return [str(each.text_content()).strip() for each in cells]
    raise AssertionError(f"no row {heading!r}")


def cards(page: html.HtmlElement) -> dict[str, list[str]]:
    return {
        str(card.cssselect("dt")[0].text_content()): [
            str(each.text_content()) for each in card.cssselect("dd")
        ]
        for card in page.cssselect(".figure")
    }


def test_what_is_new_comes_first_in_the_words_of_every_page() -> None:
    page = rendered(figures())
    assert [each.text for each in page.cssselect("h1, h2")][:2] == ["Data quality", "What is new"]
    [first, *_] = page.cssselect("table")
    shown = [" ".join(each.text_content().split()) for each in first.cssselect("tr")]
    assert shown[:2] == ["WhatTodayYesterday by nowYesterdaySeven days", "New0000"]
    lines = render_markdown(report(figures())).splitlines()
    assert lines[2] == "## What is new"
    assert "| Back | 4 | 4 | 4 | 4 |" in lines[:14]
    said = "7 listings are known by their URL alone and wait for their page."
    assert said in lines
    assert said in page.text_content()


def test_the_page_says_what_matters_first() -> None:
    shown = cards(rendered(figures(613_204)))
    assert shown["Listings"] == ["613,204"]
    assert shown["Right at a random visit"] == [
        "94.9 %",
        "95 % interval 88.7 % to 97.8 %, 99 looked at",
    ]
    assert shown["Removed by mistake"][0] == "1.0 %"


def test_every_figure_is_compared_with_the_last_report() -> None:
    before = figures(900, rules={"city_is_there": rule(7)})
    before["coverage"] = {
        "all": {"listings": 900, "fields": {"city": 0.482}},
        "operations": {},
    }
    page = rendered(figures(rules={"city_is_there": rule(4)}), before)
    assert cards(page)["Listings"] == ["1,000", "+100"]
    assert cards(page)["Average completeness"] == ["87.0 %", "no change"]
    assert row(page, "city")[:2] == ["50.0 %", "+1.8 points"]
    assert row(page, "state")[:2] == ["50.0 %", "–"]  # the last report did not have it
    assert row(page, "1 to 7 days") == ["1,000", "+100"]
    assert row(page, "city_is_there")[2:4] == ["4", "−3"]
    assert "Differences are to the report of 2026-11-01 06:30 UTC." in page.text_content()


def test_a_first_report_says_that_there_is_nothing_to_compare_with() -> None:
    said = "This is the first report: there is none to compare it with."
    page = rendered(figures())
    assert said in " ".join(page.text_content().split())
    assert said in render_markdown(report(figures()))
    assert row(page, "1 to 7 days") == ["1,000", "–"]


def test_a_report_on_nothing_is_a_report() -> None:
    nothing = figures(0)
    nothing["coverage"] = {
        "all": {"listings": 0, "fields": dict.fromkeys(nothing["coverage"]["all"]["fields"])},
        "operations": {},
    }
    nothing["freshness"]["oldest"] = None
    page = rendered(nothing)
    assert [each.text for each in page.cssselect(".empty")] == ["No figures yet"] * 2


def hostile() -> dict[str, Any]:
    odd = {"listings": 1, "examples": [HOSTILE]}
    now = figures(rules={HOSTILE: rule(3, field=HOSTILE, examples=[HOSTILE])})
    now["rules"]["other"] = rule(None, unusable=HOSTILE)
    now["anomalies"] = {**now["anomalies"], "price_of_nothing": odd}
    now["duplicates"] = {
        **now["duplicates"],
        "same_url": {"groups": 1, "listings": 2, "examples": [[HOSTILE, HOSTILE]]},
    }
    return now


def test_hostile_text_is_shown_and_does_nothing() -> None:
    source = render_html(report(hostile(), hostile()))
    page = parsed(source)
    assert page.cssselect("script") == []
    assert "<script" not in source
    assert sum(each.text == HOSTILE for each in page.cssselect("code")) == 4
    assert HOSTILE in [str(each.text_content()) for each in page.cssselect("tbody th")]


def test_hostile_text_is_neither_markup_nor_a_table_in_markdown() -> None:
    lines = render_markdown(report(hostile(), hostile())).splitlines()
    touched = [line for line in lines if "alert" in line]
    assert len(touched) == 4  # no line was broken by it
    columns = {len(re.findall(r"(?<!\\)\|", line)) - 1 for line in touched}
    assert columns == {4, 5}  # of listings, and of rules
    for line in touched:
        assert "<" not in line
        assert re.search(r"(?<!\\)[`\[\]]", line) is None


def test_a_broken_rule_names_listings_that_break_it() -> None:
    broken = figures(rules={"city_is_there": rule(7, examples=["a1", "b2"])})
    assert row(rendered(broken), "city_is_there")[-1] == "a1 b2"
    lines = render_markdown(report(broken)).splitlines()
    assert "| rule | field | broken by | change | such as |" in lines
    assert "| city\\_is\\_there | city | 7 | – | a1, b2 |" in lines


def test_markdown_keeps_what_a_name_says() -> None:
    shown = render_markdown(report(figures(rules={"Operator's_rule": rule(1)})))
    assert "| Operator&#39;s\\_rule | city | 1 |" in shown


def test_the_page_stands_alone() -> None:
    source = render_html(report(figures(), figures()))
    page = parsed(source)
    assert page.cssselect("script, link, img, iframe, object, form") == []
    assert re.findall(r"https?:|url\(|@import| style=", source) == []
    attributes = {name for each in page.iter() for name in each.attrib}
    assert attributes.isdisjoint({"src", "srcset", "href", "style"})
    assert not any(name.startswith("on") for name in attributes)


def test_the_policy_allows_the_one_style_and_nothing_else() -> None:
    page = rendered(figures())
    [policy] = page.cssselect("meta[http-equiv=Content-Security-Policy]")
    [style] = page.cssselect("style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    allowed = policy.get("content")
    assert allowed == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_ids_are_unique_and_headings_in_order() -> None:
    page = rendered(figures())
    ids = [each.get("id") for each in page.iter() if each.get("id")]
    assert len(ids) == len(set(ids)) > 0
    assert [each.tag for each in page.cssselect("h1, h2, h3")][:5] == ["h1", "h2", "h2", "h2", "h3"]


def test_files_are_named_by_their_time_and_written_over(tmp_path: Path) -> None:
    paths = write_report(tmp_path / "reports", report(figures(5)))
    assert [path.name for path in paths] == [
        "quality-2026-12-01-0630.html",
        "quality-2026-12-01-0630.md",
    ]
    assert write_report(tmp_path / "reports", report(figures(6))) == paths
    assert sorted((tmp_path / "reports").iterdir()) == sorted(paths)
    assert paths[1].read_text().splitlines().index("6 listings.")


def test_a_folder_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(WriteError, match=r"into .*reports .*make room"):
        write_report(tmp_path / "reports", report(figures()))


def test_a_write_that_fails_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WriteError, match="No space left on device"):
        write_report(tmp_path, report(figures()))
    assert list(tmp_path.iterdir()) == []
