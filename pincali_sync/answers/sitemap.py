"""The sitemap's answers: the shards that its index names, and what each shard is."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pincali_sync.db.repositories.site.sitemap import KnownShard
from pincali_sync.exceptions import PageError
from pincali_sync.items import FetchedPage, FetchedShard
from pincali_sync.pages.sitemap import ShardLink, parse_index

_NOT_MODIFIED = 304
_OK = 200


def read_index(url: str, answer: FetchedPage) -> list[ShardLink]:
    """The shards of listings. Raises: PageError: when there is no index, or none of use."""
    if answer.status != _OK:
        raise PageError(f"the sitemap index cannot be read: {answer.failure}")
    return parse_index(answer.body, url)


def condition_of(known: KnownShard | None) -> dict[str, str]:
    """The headers by which a shard is sent only if it changed since it was read."""
    if known is None:
        return {}
    validators = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in validators.items() if value}


def read_shard(link: ShardLink, answer: FetchedPage) -> FetchedShard | None:
    """A shard, or that it did not change; None when it is lost."""
    if answer.status not in {_OK, _NOT_MODIFIED}:
        return None
    last_modified = answer.headers.get("last-modified")
    return FetchedShard(
        url=link.url,
        body=None if answer.status == _NOT_MODIFIED else answer.body,
        etag=answer.headers.get("etag"),
        last_modified=last_modified,
        dated_at=_instant(last_modified) or link.last_modified,
    )


def _instant(header: str | None) -> datetime | None:
    try:
        instant = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
