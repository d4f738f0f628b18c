"""The headers of `EXTRA_HEADERS_FILE`, which an operator has agreed with the site."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from pincali_sync.config import Config, is_loopback
from pincali_sync.exceptions import ConfigError

_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~](?:[\t -~]*[!-~])?)[ \t]*")
_LONGEST = 4_096
# What has a variable of its own, or is the connection's business.
_NOT_AGREED = re.compile(
    "user-agent|cookie|host|connection|content-length|transfer-encoding|accept-encoding|te|upgrade"
    "|trailer|expect|keep-alive|proxy-.*|range|if-.*|referer|origin",
    re.IGNORECASE,
)


def agreed_headers(config: Config, url: str) -> dict[str, str]:
    """Those that go with a request: to the site's own host, by its own scheme, and nowhere else.

    Over plain http they go to a site on this machine alone.

    Raises:
        ConfigError: when the file cannot be read, or a line of it is no such header.
    """
    if config.extra_headers_file is None:
        return {}
    site = urlsplit(config.pincali_base_url)
    is_safe = site.scheme == "https" or is_loopback(config.pincali_base_url)
    if not is_safe or urlsplit(url)[:2] != site[:2]:
        return {}
    return dict(_read(config.extra_headers_file))


@lru_cache(maxsize=1)
def _read(path: Path) -> tuple[tuple[str, str], ...]:
    """Once a process: a header that changes is taken by the next job."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise ConfigError(f"EXTRA_HEADERS_FILE: {path} cannot be read: {error.strerror}") from None
    except ValueError:  # without its cause, which shows bytes of the file
        raise ConfigError(f"EXTRA_HEADERS_FILE: {path} is no UTF-8 text") from None
    wanted = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    return tuple(_header(path, number, line) for number, line in wanted)


def _header(path: Path, number: int, line: str) -> tuple[str, str]:
    """Raises: ConfigError: which shows nothing of the line: it holds a secret."""
    found = _LINE.fullmatch(line)
    if found is None or len(line) > _LONGEST:
        raise ConfigError(f"EXTRA_HEADERS_FILE: line {number} of {path} is no `Name: value`")
    name, value = found.groups()
    if _NOT_AGREED.fullmatch(name):
        raise ConfigError(
            f"EXTRA_HEADERS_FILE: line {number} of {path}: {name} is not to be set there"
        )
    return name, value
