"""What the URLs of variables must look like.

They are judged by patterns: `urlsplit` quotes what it refuses, and finds a host in a password that
has signs of a URL in it. With one @ at most, all who read the URL find the same parts.
"""

from __future__ import annotations

import re

_POSTGRES = re.compile(
    r"postgres(?:ql|ql\+psycopg)?://(?:[^:/?#@]*(?::[^/?#@]*)?@)?"
    r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(?::(?P<port>[0-9]{0,5}))?/[^?#@]+(?:\?[^@]*)?"
)
_HTTP = r"https?://{}(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::(?P<port>[0-9]{{0,5}}))?{}"
SECRET_URL = re.compile(_HTTP.format(r"(?:[^\s/?#@]*@)?", r"(?:[/?#]\S*)?"))
OPEN_URL = re.compile(_HTTP.format("", r"(?:[/?#][^\s@]*)?"))  # no user, no password
ROOT_URL = re.compile(_HTTP.format("", r"(?:/[^\s?#@]*)?"))  # and no options
_HIGHEST_PORT = 65_535


def fits(pattern: re.Pattern[str], value: str) -> bool:
    """Whether the value has this form, and a port that there is, if any."""
    found = pattern.fullmatch(value)
    return found is not None and int(found["port"] or 0) <= _HIGHEST_PORT


def is_postgres(value: str) -> str:
    """Raises: ValueError: when it is no URL of a database; the value is not quoted."""
    if not fits(_POSTGRES, value):
        raise ValueError(
            "is not a PostgreSQL URL with a host, a database and, if any, a port that is a number; "
            "in a password / ? # @ are written %2F %3F %23 %40"
        )
    return value


def is_http(value: str, pattern: re.Pattern[str] = SECRET_URL) -> str:
    """The URL without slashes at its end.

    Raises:
        ValueError: when it has another form; the value is not quoted.
    """
    if not fits(pattern, value):
        said = "is not an http(s) URL"
        raise ValueError(said if pattern is SECRET_URL else f"{said} without user and password")
    return value.rstrip("/")
