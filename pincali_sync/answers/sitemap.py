"""The sitemap's answers: the shards that its index names, and what each shard is."""

from __future__ import annotations

from pincali_sync.db.repositories.site.sitemap import KnownShard
from pincali_sync.domain.headers import http_date
from pincali_sync.exceptions import PageError
from pincali_sync.items import FetchedPage, FetchedShard
from pincali_sync.pages.sitemap import ShardLink, parse_index

_NOT_MODIFIED = 304
_OK = 200
_LONGEST_VALIDATOR = 500


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
    last_modified = _validator(answer.headers.get("last-modified"))
    return FetchedShard(
        url=link.url,
        body=None if answer.status == _NOT_MODIFIED else answer.body,
        etag=_validator(answer.headers.get("etag")),
        last_modified=last_modified,
        dated_at=http_date(last_modified) or link.last_modified,
    )


def _validator(header: str | None) -> str | None:
    """It is kept and sent back as it is: only what is a header in earnest."""
    text = (header or "").strip()
    return text if text.isprintable() and 0 < len(text) <= _LONGEST_VALIDATOR else None
