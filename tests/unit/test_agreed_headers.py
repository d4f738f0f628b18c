"""Headers agreed with the site go to its own host alone, and are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from pincali_sync.agreed_headers import agreed_headers
from pincali_sync.config import Config, load_config
from pincali_sync.exceptions import ConfigError

SITE = "https://www.pincali.com"
TEXT = "# of the agreement of May\n\nX-Partner: Agente 12\nX-Key:\topen sesame \n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "headers"
    file.write_text(TEXT)
    return file


def agreed(file: Path, url: str, *, site: str = SITE) -> dict[str, str]:
    return agreed_headers(_config(file, site), url)


def _config(file: Path, site: str = SITE) -> Config:
    return load_config(extra_headers_file=file, pincali_base_url=site)


def test_they_go_to_the_sites_own_host(file: Path) -> None:
    assert agreed(file, f"{SITE}/en/home/casa") == {
        "X-Partner": "Agente 12",
        "X-Key": "open sesame",
    }
    assert agreed_headers(load_config(), SITE) == {}


@pytest.mark.parametrize(
    "url",
    [
        "https://assets.easybroker.com/marketplace_sitemaps/properties.xml.gz",
        "https://www.pincali.com.example.org/",
        "https://www.pincali.com:8443/",
        "https://pincali.com/",
        "http://www.pincali.com/",
    ],
)
def test_they_go_nowhere_else(file: Path, url: str) -> None:
    assert agreed(file, url) == {}


def test_they_do_not_travel_in_the_open(file: Path) -> None:
    assert agreed(file, "http://site.example.org/", site="http://site.example.org") == {}
    assert agreed(file, "http://127.0.0.1:80/x", site="http://127.0.0.1:80")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("X-Key open sesame", "line 1 of .* is no `Name: value`"),
        ("X-Key:", "line 1 of .* is no `Name: value`"),
        ("X-Key: a\x00b", "line 1 of .* is no `Name: value`"),
        ("Cookie: a=open sesame", "Cookie is not to be set there"),
        ("user-agent: open sesame", "user-agent is not to be set there"),
        ("Proxy-Authorization: open sesame", "is not to be set there"),
    ],
)
def test_a_line_that_is_none_is_named_and_not_shown(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "headers"
    file.write_text(line)
    with pytest.raises(ConfigError, match=f"^EXTRA_HEADERS_FILE: .*{said}") as refused:
        agreed(file, SITE)
    assert "sesame" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"EXTRA_HEADERS_FILE: .*nothing cannot be read: No such"):
        agreed(tmp_path / "nothing", SITE)
