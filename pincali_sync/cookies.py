"""The cookies of `COOKIES_FILE` that belong to the site; no others leave this module."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    model_validator,
)

from pincali_sync.config import Config
from pincali_sync.exceptions import ConfigError

_LAST_SECOND = 253_402_300_799  # of the year 9999: a time in milliseconds is beyond it
_LONGEST = 4_096  # name and value
_NETSCAPE = ("domain", "subdomains", "path", "secure", "expires", "name", "value")
_HTTP_ONLY = "#HttpOnly_"  # begins a line of that form which is no comment for all that
_OBJECTS = TypeAdapter(list[dict[str, Any]])


def _of_session(expires: float) -> float:
    return expires if expires > 0 else -1


class SiteCookie(BaseModel):
    """A cookie that may be sent to the site, while it lives and below its path."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=r"^[!-:<>-~]+$")
    value: str = Field(pattern=r"^(?:[!-:<-~](?:[ -:<-~]*[!-:<-~])?)?$")
    path: str = Field("/", pattern=r"^/[!-:<-~]*$", max_length=1_024)
    secure: bool = False
    http_only: bool = Field(False, alias="httpOnly")
    expires: Annotated[float, AfterValidator(_of_session)] = Field(
        -1, le=_LAST_SECOND, validation_alias=AliasChoices("expires", "expirationDate")
    )
    """Seconds since 1970; -1: with the session, which for a file is never."""

    @model_validator(mode="after")
    def _is_taken_by_browsers(self) -> SiteCookie:
        # One that Chromium refuses would keep each page from being opened.
        is_bound = self.name.lower().startswith(("__host-", "__secure-"))
        if len(self.name + self.value) > _LONGEST or (is_bound and not self.secure):
            raise ValueError("no browser takes it")
        return self

    def has_expired(self) -> bool:
        """Whether its time is over."""
        return 0 < self.expires <= time.time()

    @property
    def days_left(self) -> float:
        """Until its time is over; infinite for one of a session."""
        return (self.expires - time.time()) / 86_400 if self.expires > 0 else float("inf")

    def covers(self, path: str) -> bool:
        """Whether a page of this path is below the cookie's."""
        return path == self.path or path.startswith(f"{self.path.removesuffix('/')}/")

    def set_cookie(self) -> str:
        """The header by which the site would set it, for jars that fill themselves from answers."""
        life = f"; Max-Age={int(self.expires - time.time())}" if self.expires > 0 else ""
        return f"{self.name}={self.value}; Path={self.path}{life}{'; Secure' * self.secure}"


def read_cookies(config: Config) -> list[SiteCookie]:
    """Those of the file that the site may be sent: its own, not expired, secure ones over https.

    A cookie without a domain is the site's; one whose domain begins with a dot is for the hosts
    below it as well.

    Raises:
        ConfigError: when the file cannot be read or is of no form that is known.
    """
    path = config.cookies_file
    if path is None:
        return []
    site = urlsplit(config.pincali_base_url)
    try:
        entries = _OBJECTS.validate_python(_entries(path.read_bytes().decode("utf-8-sig")))
        own = [SiteCookie(**each) for each in entries if _is_of(each, site.hostname or "")]
    except OSError as error:
        raise ConfigError(f"COOKIES_FILE: {path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, RecursionError):  # without its cause, which shows values
        raise ConfigError(
            f"COOKIES_FILE: {path} is neither a browser's list of cookies as JSON nor Playwright's "
            "storage_state nor a cookies.txt of Netscape's form, or a cookie of the site is broken"
        ) from None
    over_https = site.scheme == "https"
    return [each for each in own if not each.has_expired() and (over_https or not each.secure)]


def cookie_header(config: Config, url: str) -> dict[str, str]:
    """The header by which they go to a page of the site; empty where none belongs to it.

    Raises:
        ConfigError: as `read_cookies` does.
    """
    below = urlsplit(url).path
    pairs = [f"{each.name}={each.value}" for each in read_cookies(config) if each.covers(below)]
    return {"Cookie": "; ".join(pairs)} if pairs else {}


def browser_cookies(config: Config) -> list[dict[str, Any]]:
    """The same as Playwright takes them.

    Raises:
        ConfigError: as `read_cookies` does.
    """
    host = urlsplit(config.pincali_base_url).hostname
    return [{**each.model_dump(by_alias=True), "domain": host} for each in read_cookies(config)]


def _entries(text: str) -> Any:
    if text.lstrip().startswith(("[", "{")):
        content = json.loads(text)
        return content["cookies"] if isinstance(content, dict) else content
    return list(_netscape_entries(text))


def _netscape_entries(text: str) -> Iterator[dict[str, Any]]:
    for line in text.split("\n"):
        fields = line.rstrip("\r").removeprefix(_HTTP_ONLY).split("\t")
        if fields[0].strip() and not fields[0].startswith("#"):
            entry = dict(zip(_NETSCAPE, fields, strict=True))
            yield {
                **entry,
                "hostOnly": entry["subdomains"] != "TRUE",
                "httpOnly": line.startswith(_HTTP_ONLY),
            }


def _is_of(entry: dict[str, Any], host: str) -> bool:
    domain = str(entry.get("domain") or host).lower()
    bare = domain.removeprefix(".")
    host_only = entry.get("hostOnly", domain == bare)
    return host == bare or (not host_only and host.endswith(f".{bare}"))
