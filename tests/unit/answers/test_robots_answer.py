"""robots.txt: its rules, none at all, or nothing may be asked for now."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.answers.robots import Robots, read_robots
from pincali_sync.items import FetchedPage

PAGE = "https://www.pincali.com/en/home/casa-1"
AGENT = "PincaliSync/0.1"


def robots(body: str, status: int = 200) -> Robots:
    return read_robots(FetchedPage(status=status, body=body.encode()))


def test_its_rules_are_kept_to_with_or_without_a_bom() -> None:
    for before in ("", "\ufeff"):
        found = robots(f"{before}User-agent: *\r\nDisallow: /en/home/\r\nCrawl-delay: 2.5\r\n")
        assert found.objection(PAGE, AGENT) == f"robots.txt forbids {PAGE}"
        assert found.objection("https://www.pincali.com/en/", AGENT) is None
        assert found.crawl_delay([AGENT]) == 2.5


SITE = "https://www.pincali.com"


@pytest.mark.parametrize(
    "rule", ["/", "/en/", "/en/home", "/en/home/*", "/*/properties-for-rent", "/*?page="]
)
def test_what_forbids_pages_as_such_refuses_them(rule: str) -> None:
    found = robots(f"User-agent: *\nDisallow: {rule}\n")
    assert "robots.txt forbids" in str(found.refusal_of_pages(SITE, [AGENT]))


@pytest.mark.parametrize(
    "rule", ["", "/admin", "/sitemap.xml", "/en/home/casa-1", "/*min_price", "/en/home/*terreno"]
)
def test_what_forbids_some_pages_does_not_refuse_their_kind(rule: str) -> None:
    assert robots(f"User-agent: *\nDisallow: {rule}\n").refusal_of_pages(SITE, [AGENT]) is None


def test_pages_are_refused_where_one_of_our_names_is_shut_out() -> None:
    found = robots("User-agent: Other\nDisallow: /\n")
    assert found.refusal_of_pages(SITE, [AGENT]) is None
    assert found.refusal_of_pages(SITE, [AGENT, "Other/1.0"]) is not None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 301, 302])
def test_a_host_without_it_is_free_to_read(status: int) -> None:
    found = robots("User-agent: *\nDisallow: /\nCrawl-delay: 9\n", status)
    assert found.objection(PAGE, AGENT) is None
    assert found.crawl_delay([AGENT]) == 0


@pytest.mark.parametrize("status", [429, 500, 503, 599, None])
def test_while_it_cannot_be_read_nothing_may_be_asked_for(status: int | None) -> None:
    found = read_robots(FetchedPage(status=status, error=None if status else "TimeoutError"))
    assert "cannot be read" in str(found.objection(PAGE, AGENT))


def test_the_longest_delay_that_any_of_our_names_is_asked_for_counts() -> None:
    found = robots("User-agent: a\nCrawl-delay: 3\n\nUser-agent: b\nCrawl-delay: 7\n")
    assert found.crawl_delay(["a/1", "b/1", "c/1"]) == 7


@pytest.mark.parametrize("value", ["nan", "inf", "-5", "soon", "²", ""])
def test_a_delay_that_is_none_is_not_heeded(value: str) -> None:
    assert robots(f"User-agent: *\nCrawl-delay: {value}\n").crawl_delay([AGENT]) == 0


def of_many_agents(agents: int, rules: int, rule: str, end: str = "\n") -> str:
    lines = [f"User-agent: a{n}" for n in range(agents)]
    return end.join(lines + [rule.format(n) for n in range(rules)])


@pytest.mark.parametrize(
    "body",
    [
        "User-agent: *\n" + "Disallow: /*a*b*c*d$\n" * 25_000,
        "User-agent: *\nDisallow: /" + "*a" * 250_000,
        "".join(f"User-agent: {n}\n" for n in range(15_000)) + "Allow: /\n" * 30_000,
        of_many_agents(120, 80, "Allow: /{}$/index.html"),
        of_many_agents(1, 9_900, "Disallow: /{}*a*b*c*d$"),
        "User-agent: a\n" * 7_000 + "Disallow: /1\nUser-agents: b\n" + "Disallow: /2\n" * 7_000,
        "User-agent: *\nDisallow: /" + "%" * 500_000,
        "a:" * 250_000,
        "\n" * 900_000,
        *(end.join(["User-agent: a"] * 9_000 + ["Allow: /"] * 9_000) for end in "\r\v\u2028"),
    ],
)
def test_the_worst_rules_cost_no_more_than_a_second(body: str) -> None:
    began = time.process_time()
    found = robots(body)
    found.objection(PAGE + "abc" * 600, AGENT)
    assert time.process_time() - began < 1


ENDS = ["\n", "\r", "\r\n", "\x0b", "\f", "\x1c", "\x85", "\u2028"]


@pytest.mark.parametrize("end", ENDS)
def test_rules_beyond_measure_are_known_whatever_ends_a_line(end: str) -> None:
    for before in ("", " ", "\xa0", "\u3000"):
        began = time.process_time()
        found = robots(of_many_agents(1_000, 1_000, "Disallow: /{}", end + before))
        assert "rules beyond measure" in str(found.unreadable)
        assert time.process_time() - began < 0.5


def test_a_long_list_of_agents_each_with_rules_of_its_own_is_read() -> None:
    groups = "".join(f"User-agent: bot{n}\nDisallow: /\n\n" for n in range(2_000))
    found = robots(f"{groups}User-agent: *\nDisallow: /en/home/")
    assert found.objection(PAGE, AGENT) == f"robots.txt forbids {PAGE}"
    assert found.objection("https://www.pincali.com/en/", AGENT) is None


@pytest.mark.parametrize("end", ENDS)
def test_a_version_names_no_other_agent_whatever_ends_a_line(end: str) -> None:
    text = end.join(["# ours", " User-agent: PincaliSync/2.0", "Disallow: /en/home/", ""])
    assert robots(text).objection(PAGE, AGENT) == f"robots.txt forbids {PAGE}"


@given(st.binary(max_size=200), st.text(max_size=50))
def test_any_bytes_are_rules_or_none(body: bytes, url: str) -> None:
    read_robots(FetchedPage(status=200, body=body)).objection(url, AGENT)


OURS = "User-agent: pincalisync\n"
ALL = "User-agent: *\n"


@pytest.mark.parametrize(
    ("body", "path", "allowed"),
    [
        (f"{OURS}Disallow: /", "/x", False),
        ("USER-AGENT: PINCALISYNC\nDISALLOW: /", "/x", False),
        ("User-agent: PincaliSync/2.0\nDisallow: /", "/x", False),
        ("User-agent: somebot\nDisallow: /", "/x", True),
        (f"{ALL}Disallow: /\n\n{OURS}Allow: /", "/x", True),
        (f"{ALL}Disallow: /\n\n{OURS}Disallow:", "/x", True),
        (f"{OURS}Disallow: /a\n\n{ALL}Disallow: /b\n\n{OURS}Disallow: /c", "/a", False),
        (f"{OURS}Disallow: /a\n\n{ALL}Disallow: /b\n\n{OURS}Disallow: /c", "/c", False),
        (f"{OURS}Disallow: /a\n\n{ALL}Disallow: /b\n\n{OURS}Disallow: /c", "/b", True),
        (f"User-agent: a\n\n{OURS}\nDisallow: /x", "/x", False),
        (f"User-agent: a\nSitemap: https://x.test/s.xml\n{OURS}Disallow: /x", "/x", False),
        (f"{ALL}Disallow: /en/\nAllow: /en/home/", "/en/home/a", True),
        (f"{ALL}Allow: /en/\nDisallow: /en/home/", "/en/home/a", False),
        (f"{ALL}Disallow: /p\nAllow: /p", "/p", True),
        (f"{ALL}Disallow: /*.xml$", "/sitemap.xml", False),
        (f"{ALL}Disallow: /*.xml$", "/sitemap.xml?a", True),
        (f"{ALL}Disallow: /*?page=", "/en/properties/x?page=2", False),
        (f"{ALL}Disallow: /en/home/caf%C3%A9", "/en/home/café", False),
        (f"{ALL}Disallow: /en/home/café", "/en/home/caf%c3%a9", False),
        (f"{ALL}Disallow: /en%2Fhome", "/en/home", True),
        (f"{ALL.strip()} # all\rDisallow: /x # this\r", "/x", False),
        (f"{ALL}Disallow: /", "/robots.txt", True),
        (f"#{'x' * 500_000}\n{ALL}Disallow: /x", "/x", False),
        (f"#{'x' * 530_000}\n{ALL}Disallow: /x", "/x", True),
        ("<!doctype html><title>Home</title>", "/x", True),
        ("", "/x", True),
    ],
)
def test_rules_are_read_as_the_standard_has_it(body: str, path: str, allowed: bool) -> None:
    found = robots(body).objection(f"https://www.pincali.com{path}", AGENT)
    assert (found is None) is allowed
