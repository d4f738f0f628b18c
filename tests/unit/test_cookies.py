"""Cookies go to the host they belong to, while they live, from any file that people export."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pytest

from pincali_sync.config import Config, load_config
from pincali_sync.cookies import browser_cookies, cookie_header, read_cookies
from pincali_sync.exceptions import ConfigError

SITE = "https://www.pincali.com"
PAGE = f"{SITE}/en/home/casa"
TOMORROWS, EXPIRED, WITH_THE_SESSION = 4_000_000_000, 1_000_000_000, -1

# As three browsers' add-ons, Playwright and curl write down one and the same cookie.
BROWSER: list[dict[str, Any]] = [
    {"domain": ".pincali.com", "name": "language", "value": "en", "path": "/", "secure": True}
    | {"httpOnly": True, "hostOnly": False, "sameSite": "no_restriction", "session": False}
    | {"expirationDate": TOMORROWS + 0.5, "storeId": "0", "id": 1}
]
PLAYWRIGHT = {
    "cookies": [
        {"name": "language", "value": "en", "domain": ".pincali.com", "path": "/", "secure": True}
        | {"expires": TOMORROWS, "httpOnly": True, "sameSite": "Lax"}
    ],
    "origins": [{"origin": SITE, "localStorage": []}],
}
NETSCAPE = (
    "# Netscape HTTP Cookie File\n\n"
    f"#HttpOnly_.pincali.com\tTRUE\t/\tTRUE\t{TOMORROWS}\tlanguage\ten\n"
)
FORMS = {"browser": json.dumps(BROWSER), "storage_state": json.dumps(PLAYWRIGHT), "txt": NETSCAPE}


def configured(folder: Path, content: str | bytes | list[dict[str, Any]], site: str) -> Config:
    if isinstance(content, list):
        content = json.dumps(content)
    file = folder / "cookies"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_config(cookies_file=file, pincali_base_url=site)


def sent(folder: Path, *cookies: dict[str, Any], page: str = PAGE) -> str:
    """The names of those that go with the page."""
    named = [{"name": f"c{n}", "value": "x", **each} for n, each in enumerate(cookies)]
    site = "/".join(page.split("/")[:3])
    header = cookie_header(configured(folder, named, site), page).get("Cookie", "")
    return " ".join(pair.partition("=")[0] for pair in header.split("; "))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("form", FORMS)
def test_the_forms_that_people_export_say_the_same(
    tmp_path: Path, form: str, newline: str, mark: bytes
) -> None:
    content = mark + FORMS[form].replace("\n", newline).encode()
    config = configured(tmp_path, content, SITE)
    assert cookie_header(config, PAGE) == {"Cookie": "language=en"}
    [cookie] = browser_cookies(config)
    assert cookie["domain"] == "www.pincali.com"
    assert (cookie["secure"], cookie["httpOnly"], int(cookie["expires"])) == (True, True, TOMORROWS)
    header = read_cookies(config)[0].set_cookie()
    assert header.startswith("language=en; Path=/; Max-Age=")
    assert header.endswith("; Secure")


def test_a_cookie_goes_to_its_host_and_with_a_dot_to_those_below(tmp_path: Path) -> None:
    domains = [
        "www.pincali.com",
        ".pincali.com",
        "pincali.com",
        ".www.pincali.com",
        "WWW.pincali.COM",
    ]
    assert sent(tmp_path, *({"domain": each} for each in domains)) == "c0 c1 c3 c4"
    others = ["bank.example", "pincali.com.mx", "cali.com", ".cali.com", "m.www.pincali.com", "."]
    assert sent(tmp_path, *({"domain": each} for each in others)) == ""
    assert sent(tmp_path, {}, {"domain": ""}, {"domain": None}) == "c0 c1 c2"  # the site's own


def test_what_an_export_says_of_hosts_below_counts_more_than_the_dot(tmp_path: Path) -> None:
    whole = {"domain": "pincali.com", "hostOnly": False}
    only = {"domain": ".pincali.com", "hostOnly": True}
    assert sent(tmp_path, whole, only) == "c0"
    lines = "pincali.com\tTRUE\t/\tFALSE\t0\ta\t1\npincali.com\tFALSE\t/\tFALSE\t0\tb\t2\n"
    assert cookie_header(configured(tmp_path, lines, SITE), PAGE) == {"Cookie": "a=1"}


@pytest.mark.parametrize(
    ("host", "other"), [("127.0.0.1", "127.0.0.2"), ("localhost", "example.localhost")]
)
def test_a_host_on_loopback_is_one_like_any_other(tmp_path: Path, host: str, other: str) -> None:
    page = f"http://{host}:8000/en/home/casa"
    assert sent(tmp_path, {"domain": host}, {"domain": other}, page=page) == "c0"


def test_what_has_expired_goes_nowhere(tmp_path: Path) -> None:
    times = [TOMORROWS, EXPIRED, WITH_THE_SESSION, 0]
    for name in ("expires", "expirationDate"):
        assert sent(tmp_path, *({name: each} for each in times)) == "c0 c2 c3"


def test_a_secure_cookie_goes_over_https_only(tmp_path: Path) -> None:
    assert sent(tmp_path, {"secure": True}, {"secure": False}) == "c0 c1"
    over_http = PAGE.replace("https", "http")
    assert sent(tmp_path, {"secure": True}, {"secure": False}, page=over_http) == "c1"


def test_a_cookie_goes_to_pages_below_its_path(tmp_path: Path) -> None:
    paths = ["/", "/en", "/en/", "/en/home/casa", "/en/home/casa/", "/e", "/es"]
    assert sent(tmp_path, *({"path": each} for each in paths)) == "c0 c1 c2 c3"


@pytest.mark.parametrize("expires", ["0", "-5", "-Infinity"])
def test_what_ends_with_the_session_is_told_to_browsers_as_they_take_it(
    tmp_path: Path, expires: str
) -> None:
    content = f'[{{"name": "a", "value": "b", "expires": {expires}}}]'.encode()
    [cookie] = browser_cookies(configured(tmp_path, content, SITE))
    assert cookie["expires"] == -1


def test_no_file_means_no_cookies() -> None:
    assert read_cookies(load_config()) == []
    assert cookie_header(load_config(), PAGE) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"sesame",
        b"[" * 100_000,
        b"\xff\xfe[\x00]\x00",
        b"[{]",
        b'"sesame"',
        b"[1]",
        b'["sesame"]',
        b'{"language": "sesame"}',
        b'{"cookies": {"language": "sesame"}}',
        b'[{"name": "sesame"}]',
        b'[{"name": "a", "value": ["sesame"]}]',
        b'[{"name": "a", "value": "sesame\\r\\nX-Other: 1"}]',
        b'[{"name": "a; b", "value": "sesame"}]',
        b'[{"name": "a", "value": "sesame", "path": "x"}]',
        b'[{"name": "a", "value": "sesame", "expires": "tomorrow"}]',
        b'[{"name": "a", "value": "sesame", "expires": 4000000000000}]',
        b'[{"name": "a", "value": "sesame", "expires": NaN}]',
        b'[{"name": "__Host-a", "value": "sesame"}]',
        b'[{"name": "__secure-a", "value": "sesame"}]',
        b'[{"name": "a", "value": " sesame"}]',
        b'[{"name": "a", "value": "' + b"sesame" * 683 + b'"}]',
        b'[{"name": "a", "value": "sesame", "path": "/' + b"a" * 1_024 + b'"}]',
        b"www.pincali.com\tFALSE\t/\tFALSE\tsesame\n",
        b"www.pincali.com\tFALSE\t/\tFALSE\tsoon\ta\tsesame\n",
        b"language=sesame; other=sesame",
    ],
)
def test_any_other_file_is_named_in_one_line_that_shows_nothing_of_it(
    tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(ConfigError, match=r"^COOKIES_FILE: .*/cookies is neither") as refused:
        read_cookies(configured(tmp_path, content, SITE))
    assert "\n" not in str(refused.value)
    assert "sesame" not in "".join(traceback.format_exception(refused.value))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"COOKIES_FILE: .*nothing cannot be read: No such file"):
        read_cookies(load_config(cookies_file=tmp_path / "nothing"))


def test_a_broken_cookie_of_another_site_keeps_nobody_from_work(tmp_path: Path) -> None:
    other: dict[str, Any] = {"domain": "bank.example", "name": "", "value": None}
    content = [other, *BROWSER]
    assert cookie_header(configured(tmp_path, content, SITE), PAGE) == {"Cookie": "language=en"}
