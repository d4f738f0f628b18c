"""A page that only comes back to itself is told from a challenge."""

from __future__ import annotations

import pytest

from pincali_sync.items import FetchedPage
from pincali_sync.pages.stub import returns_to_itself

URL = "https://www.pincali.com/en/home/casa-azul"
COOKIE = "document.cookie = 'seen=1; path=/';"
GO = "location.reload();"


def is_stub(markup: str, **more: object) -> bool:
    answer = FetchedPage(**{"status": 200, "body": markup.encode(), **more})  # type: ignore[arg-type]
    return returns_to_itself(answer, URL)


def page(script: str) -> str:
    return (
        "<!DOCTYPE html><html><head><meta charset=utf-8><title>…</title>"
        f"<style>p {{ color: red }}</style><script>{script}</script></head>"
        "<body><p class=x>Loading</p><noscript>Please turn it on</noscript></body></html>"
    )


@pytest.mark.parametrize(
    "script",
    [
        GO,
        f"{COOKIE} {GO}",
        f"{COOKIE} window.location.reload(true)",
        f"{COOKIE} location.replace(location.href)",
        f"{COOKIE} location.href = location.href;",
        f"{COOKIE} window.location = document.location",
        f"{COOKIE} location.assign(location.pathname + location.search)",
        f"{COOKIE} location = '/en/home/casa-azul'",
        f"{COOKIE} location.replace('{URL}#top')",
        f'{COOKIE} location.href = ""',
        f"{COOKIE} history.go(0)",
        f"{COOKIE} setTimeout(function () {{ {GO} }}, 500);",
        f"{COOKIE} setTimeout(() => {GO.rstrip(';')}, 0)",
        f"{COOKIE} setTimeout('{GO}', 1000)",
        f"window.onload = function() {{ {COOKIE} {GO} }};",
        f"document.addEventListener('DOMContentLoaded', () => {{ {COOKIE} {GO} }})",
        f"(function(){{ 'use strict'; {COOKIE} {GO} }})();",
        f"if (document.cookie.indexOf('seen=1') < 0) {{ {COOKIE} {GO} }}",
        f"if (navigator.cookieEnabled && document.cookie.indexOf('a') === -1) {{ {COOKIE} {GO} }}",
        f"if (!document.cookie.includes(`seen`)) {{ {COOKIE} {GO} }} else {{ }}",
        f"try {{ {COOKIE} {GO} }} catch (e) {{}}",
        f"var c = 'seen=1'; document.cookie = c; {GO}",
        f"document.cookie = 'seen=1' + '; path=/' + '; max-age=86400'; {GO}",
        f"function again() {{ {GO} }} {COOKIE} setTimeout(again, 10)",
        "document.cookie = 'a=1; expires=' + new Date(Date.now() + 24*60*60*1000).toUTCString()"
        f" + '; path=/'; {GO}",
        f"/* a note */ {COOKIE} // another\n {GO}",
        f"<!--\n{COOKIE} {GO}\n//-->",
    ],
)
def test_a_cookie_and_the_way_back_are_a_stub(script: str) -> None:
    assert is_stub(page(script))


@pytest.mark.parametrize(
    "content",
    ["0", "0;", "0; url=", f"0;url={URL}", "1; URL='/en/home/casa-azul'", "3, casa-azul", "0.5"],
)
def test_a_refresh_to_the_page_itself_is_a_stub(content: str) -> None:
    assert is_stub(f'<title>…</title><meta http-equiv="Refresh" content="{content}"><p>Wait')
    assert is_stub(f'<meta content="{content}" http-equiv=refresh>')


def test_what_the_body_does_once_it_is_there_counts_as_well() -> None:
    assert is_stub(f'<body onload="{COOKIE}{GO}">Loading</body>')
    assert not is_stub("<body onload=\"fetch('/x')\">Loading</body>")


@pytest.mark.parametrize(
    "script",
    [
        "",
        COOKIE,  # goes nowhere
        f"{COOKIE} location.replace('/en/home/another')",
        "location.href = 'https://elsewhere.example/'",
        "location = '/en/account'",
        f"document.cookie = 'a=' + (12 + 34); {GO}",
        f"document.cookie = 'a=' + 12 * 34; {GO}",
        f"document.cookie = 'a=' + navigator.userAgent; {GO}",
        f"document.cookie = 'a=' + screen.width; {GO}",
        f"document.cookie = 'a=' + btoa('x'); {GO}",
        f"document.cookie = 'a=' + document.title; {GO}",
        f"document.cookie = 'a=' + Math.random(); {GO}",
        f"for (var i = 0; i < 9; i++) {{}} {COOKIE} {GO}",
        f"while (true) {{}} {COOKIE} {GO}",
        f"fetch('/token').then(r => {{ {COOKIE} {GO} }})",
        f"var x = new XMLHttpRequest(); x.open('GET', '/t'); {GO}",
        f"navigator.sendBeacon('/t', 'x'); {GO}",
        f"new Image().src = '/t'; {GO}",
        f"eval('{GO}')",
        f"Function('{GO}')()",
        f"window['location']['reload'](); {COOKIE}",
        f"document.write('<script src=/a.js>'); {GO}",
        f"crypto.subtle.digest('SHA-256', x); {GO}",
        f"setTimeout(\"eval('x')\", 10); {GO}",
        f"{COOKIE} setTimeout(function () {{ {GO} }}, 60000)",
        f"document.cookie = 'a=\\x31'; {GO}",
        f"var a = 'x', b = 'y'; document.cookie = a + b; {GO}",
        f"localStorage.setItem('a', 'b'); {GO}",
        f"document.forms[0].submit(); {GO}",
    ],
)
def test_whatever_does_more_is_none(script: str) -> None:
    assert not is_stub(page(script))


@pytest.mark.parametrize(
    "more",
    [
        '<script src="/a.js"></script>',
        "<script type=application/json>{}</script>",
        "<form method=post></form>",
        "<iframe></iframe>",
        '<img src="/t.gif">',
        "<input>",
        "<button>Go on</button>",
        "<object data=x></object>",
        "<svg><animate/></svg>",
        '<p onclick="x()">',
        '<body onfocus="x()">',
        "<p>Verify you are human</p>",
        "<p>" + "x" * 5_000,
        '<div data-search-results=""></div>',
        '<meta http-equiv=refresh content="0;url=/en/account">',
        '<meta http-equiv=refresh content="60">',
        "<script>",
    ],
)
def test_a_page_that_holds_more_is_none(more: str) -> None:
    assert not is_stub(page(COOKIE + GO) + more)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 202},
        {"status": 404},
        {"status": 503},
        {"headers": {"content-type": "application/json"}},
        {"headers": {"cf-mitigated": "challenge"}},
    ],
)
def test_only_a_page_that_claims_to_be_one_is_a_stub(answer: dict[str, object]) -> None:
    assert not is_stub(page(COOKIE + GO), **answer)


@pytest.mark.parametrize("target", ["http://[", "//[x", "http://[::1"])
def test_a_way_to_no_address_is_none(target: str) -> None:
    assert not is_stub(page(f"{COOKIE} location = '{target}'"))
    assert not is_stub(
        page("").replace("<title>", f'<meta http-equiv=refresh content="0;url={target}"><title>')
    )
