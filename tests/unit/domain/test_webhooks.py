"""Webhooks: where they may go, and how long a target that fails is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pincali_sync.config import load_config
from pincali_sync.domain.webhooks import WebhookTarget, rest_after, targets_of
from pincali_sync.exceptions import ConfigError

SECRET = f"whsec_{'QUJD' * 8}"


@pytest.mark.parametrize(
    ("url", "host", "address", "is_meant"),
    [
        ("https://example.org/x", "example.org", "93.184.215.14", True),
        ("https://example.org/x", "EXAMPLE.org.", "127.0.0.1", False),
        ("https://example.org/x", "example.org", "169.254.169.254", False),
        ("https://example.org/x", "example.org", "10.1.2.3", False),
        ("https://example.org/x", "example.org", "::ffff:10.1.2.3", False),
        ("https://example.org/x", "proxy.internal", "10.1.2.3", True),  # the operator's own
        ("https://10.1.2.3/x", "10.1.2.3", "10.1.2.3", True),  # which the URL itself names
        ("http://localhost:8000/x", "localhost", "127.0.0.1", True),
        ("http://localhost:8000/x", "localhost", "10.1.2.3", False),
    ],
)
def test_a_name_may_not_lead_inside(url: str, host: str, address: str, is_meant: bool) -> None:
    objection = WebhookTarget(place=1, url=url).objection_to_address(host, address)
    assert (objection is None) is is_meant


def test_rests_grow_up_to_six_hours_and_heed_what_is_asked_for() -> None:
    rests = [rest_after(failures) for failures in (1, 2, 3, 10, 11, 1000)]
    assert rests[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert rests[3:] == [timedelta(seconds=15_360), timedelta(hours=6), timedelta(hours=6)]
    assert rest_after(1, timedelta(minutes=5)) == timedelta(minutes=5)
    assert rest_after(3, timedelta(seconds=1)) == timedelta(minutes=2)
    assert rest_after(1, timedelta(days=90)) == timedelta(days=1)


def test_a_target_is_known_by_its_url_and_shown_without_what_is_secret_in_it() -> None:
    config = load_config(
        webhook_urls="https://example.org/a?token=x, http://[::1]:80/b", webhook_secret=SECRET
    )
    first, second = targets_of(config)
    assert (first.shown, second.shown) == ("https://example.org/…", "http://[::1]:80/…")
    assert (first.label, second.label) == ("1:example.org", "2:[::1]:80")
    assert len({first.key, second.key}) == 2
    assert targets_of(load_config()) == ()


@pytest.mark.parametrize(
    ("urls", "says"),
    [
        ("http://example.org/x", "entry 1 is no https URL"),
        ("https://example.org http://127.0.0.1.example.org/", "entry 2 is no https URL"),
        ("https://user:pw@example.org/", "entry 1 is no https URL without user and password"),
        ("http://user@127.0.0.1/", "entry 1 is no https URL"),
        ("ftp://example.org", "entry 1 is no https URL"),
        ("https://example.org https://example.org", "an entry stands there twice"),
    ],
)
def test_changes_are_sent_where_nobody_reads_along(urls: str, says: str) -> None:
    with pytest.raises(ConfigError, match=f"WEBHOOK_URLS: {says}") as refused:
        load_config(webhook_urls=urls, webhook_secret=SECRET)
    assert "pw" not in str(refused.value).replace("password", "")


@pytest.mark.parametrize("secret", ["short", "whsec_QUJD", f"{SECRET} whsec_=", "QUJD" * 8])
def test_a_secret_that_is_none_is_refused_and_not_quoted(secret: str) -> None:
    with pytest.raises(ConfigError, match="WEBHOOK_SECRET: is not whsec_ and 24 to 64") as refused:
        load_config(webhook_secret=secret)
    assert secret not in str(refused.value)
    with pytest.raises(ConfigError, match="WEBHOOK_URLS needs WEBHOOK_SECRET"):
        load_config(webhook_urls="https://example.org")
