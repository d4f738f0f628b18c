"""Who may be asked, and who never is."""

from __future__ import annotations

import pytest

from pincali_sync.config import load_config
from pincali_sync.domain.limits import Askable
from pincali_sync.exceptions import ConfigError

SITE = Askable.of(load_config())
LOCAL = Askable.of(load_config(pincali_base_url="http://127.0.0.1:8000"))


@pytest.mark.parametrize(
    "url",
    [
        "https://www.pincali.com/en/home/casa-1",
        "https://WWW.Pincali.com.:443/robots.txt",
        "https://assets.easybroker.com/marketplace_sitemaps/properties.xml.gz",
    ],
)
def test_the_site_and_the_hosts_of_its_sitemap_may_be_asked(url: str) -> None:
    assert SITE.objection(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://www.pincali.com/",  # https is not left
        "https://www.pincali.com:8443/",
        "https://somebody@www.pincali.com/",
        "https://www.pincali.com@evil.invalid/",
        "https://www.pincali.com.evil.invalid/",
        "https://pincali.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "http://[",
        "https://www.pincali.com:99999/",
        "file:///etc/hostname",
        "",
    ],
)
def test_nobody_else_is(url: str) -> None:
    assert SITE.objection(url) is not None


def test_a_site_on_loopback_leads_to_no_other_port_of_the_machine() -> None:
    assert LOCAL.objection("http://127.0.0.1:8000/sitemap.xml") is None
    for url in ("http://127.0.0.1:6800/", "http://localhost:8000/", "http://127.0.0.1/"):
        assert LOCAL.objection(url) is not None


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "::1",
     "100.64.0.1", "224.0.0.1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "2002:7f00:1::",
     "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "fec0::1"],
)  # fmt: skip
def test_a_name_that_leads_to_an_address_of_this_network_is_not_connected_to(address: str) -> None:
    assert address in str(SITE.objection_to_address("www.pincali.com", address))
    assert LOCAL.objection_to_address("localhost", address) is None


@pytest.mark.parametrize("host", ["www.pincali.com.", "WWW.Pincali.com", "assets.EasyBroker.com."])
def test_a_name_is_looked_at_however_it_is_written(host: str) -> None:
    assert SITE.objection(f"https://{host}/") is None
    assert SITE.objection_to_address(host, "10.0.0.1") is not None


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1"])
def test_a_public_address_is(address: str) -> None:
    assert SITE.objection_to_address("www.pincali.com", address) is None


def test_another_name_is_an_operators_proxy_and_may_be_anywhere() -> None:
    assert SITE.objection_to_address("proxy.invalid", "10.0.0.1") is None
    for ours in ("www.pincali.com.", "assets.easybroker.com"):
        assert SITE.objection_to_address(ours, "10.0.0.1") is not None


def test_hosts_are_configured_by_name_and_port() -> None:
    config = load_config(sitemap_hosts="CDN.invalid, maps.invalid:8443")
    askable = Askable.of(config)
    assert askable.objection("https://cdn.invalid/properties.xml") is None
    assert askable.objection("https://maps.invalid:8443/properties.xml") is None
    assert askable.objection("https://maps.invalid/properties.xml") is not None
    for wrong in ("https://cdn.invalid", "cdn.invalid/x", "a@b", "a:99999", "*"):
        with pytest.raises(ConfigError, match="SITEMAP_HOSTS"):
            load_config(sitemap_hosts=wrong)
