"""The sitemap's answers: asked for under a condition, and as old as they say they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pincali_sync.answers.sitemap import condition_of, read_index, read_shard
from pincali_sync.db.repositories.site.sitemap import KnownShard
from pincali_sync.exceptions import PageError
from pincali_sync.items import FetchedPage
from pincali_sync.pages.sitemap import ShardLink

LINK = ShardLink(
    url="https://cdn.invalid/p.xml.gz", last_modified=datetime(2026, 11, 1, tzinfo=UTC)
)
CHANGED = "Fri, 20 Nov 2026 10:00:00 GMT"


def test_a_shard_is_asked_for_only_if_it_changed() -> None:
    assert condition_of(None) == {}
    assert condition_of(KnownShard(etag=None, last_modified=CHANGED)) == {
        "If-Modified-Since": CHANGED
    }
    assert condition_of(KnownShard(etag='"a"', last_modified=None)) == {"If-None-Match": '"a"'}


@pytest.mark.parametrize(
    ("header", "dated_at"),
    [
        (CHANGED, datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("yesterday", LINK.last_modified),
        (None, LINK.last_modified),
    ],
)
def test_a_shard_is_as_old_as_its_header_else_its_link_says(
    header: str | None, dated_at: datetime
) -> None:
    headers = {"etag": '"b"'} | ({"last-modified": header} if header else {})
    shard = read_shard(LINK, FetchedPage(status=200, headers=headers, body=b"xml"))
    assert shard is not None
    assert (shard.body, shard.etag, shard.dated_at) == (b"xml", '"b"', dated_at)


def test_a_shard_that_did_not_change_has_no_body_and_a_lost_one_is_none() -> None:
    unchanged = read_shard(LINK, FetchedPage(status=304))
    assert unchanged is not None
    assert unchanged.body is None
    assert read_shard(LINK, FetchedPage(status=500)) is None


def test_an_index_that_is_not_there_is_told() -> None:
    with pytest.raises(PageError, match="cannot be read: HTTP 503"):
        read_index("https://www.pincali.com/sitemap.xml", FetchedPage(status=503))


@pytest.mark.parametrize("header", ["", "\x00", "a\x1bb", "x" * 9_999])
def test_what_is_no_validator_is_not_kept(header: str) -> None:
    headers = {"etag": header, "last-modified": header}
    shard = read_shard(LINK, FetchedPage(status=200, headers=headers, body=b"xml"))
    assert shard is not None
    assert (shard.etag, shard.last_modified, shard.dated_at) == (None, None, LINK.last_modified)
