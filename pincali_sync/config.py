"""Configuration: one typed object, and the only reader of the environment and of `.env`."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import ValidationError, model_validator
from pydantic_settings import DotEnvSettingsSource

from pincali_sync.exceptions import ConfigError
from pincali_sync.files import stranger_of
from pincali_sync.variables import LOCAL_RUNNER, Variables

# How much of a name must be right for it to be taken for ours: a letter more, less or another.
_LIKENESS = 0.85
# A comma that no URL follows belongs to the one before it, as in two recipients of a mail.
_BETWEEN_ALERT_URLS = re.compile(r"\s*,\s*(?=[A-Za-z][\w.+-]*://)|\s+")


class Config(Variables):
    """The variables in force, with what holds between them and what follows from them."""

    @model_validator(mode="after")
    def _unpaced_only_on_loopback(self) -> Config:
        if self.site_min_gap_seconds == 0 and not is_loopback(self.pincali_base_url):
            raise ValueError(
                "SITE_MIN_GAP_SECONDS=0 is accepted only while PINCALI_BASE_URL is on loopback"
            )
        return self

    @model_validator(mode="after")
    def _user_with_password(self) -> Config:
        # Scrapyd lets everybody in where one of the two is missing.
        if bool(self.scrapyd_username) != bool(self.scrapyd_password):
            raise ValueError("SCRAPYD_USERNAME and SCRAPYD_PASSWORD are set together or not at all")
        return self

    @model_validator(mode="after")
    def _webhooks_are_signed(self) -> Config:
        if self.webhook_urls and not self.webhook_secret:
            raise ValueError("WEBHOOK_URLS needs WEBHOOK_SECRET: nobody could trust the messages")
        return self

    @property
    def site_host(self) -> str:
        """Whose pace is kept; with the port, if the URL names one."""
        return urlsplit(self.pincali_base_url).netloc

    @property
    def sitemap_url(self) -> str:
        """Where the sitemap index is."""
        return self.pincali_sitemap_url or f"{self.pincali_base_url}/sitemap.xml"

    @property
    def display_zone(self) -> ZoneInfo:
        """The zone that times are shown in, and that days are counted by for people."""
        return ZoneInfo(self.display_timezone)

    @property
    def alert_targets(self) -> tuple[str, ...]:
        """The Apprise URLs that alerts go to."""
        if self.alert_urls is None:
            return ()
        return tuple(_BETWEEN_ALERT_URLS.split(self.alert_urls.get_secret_value().strip(" ,")))

    @property
    def queue_backlog_limit(self) -> int:
        """So many pending pages are an alert."""
        return self.alert_queue_backlog or self.queue_max_pending * 9 // 10

    @property
    def home(self) -> Path:
        """`PINCALI_HOME` as an absolute path: jobs run in other folders."""
        return self.pincali_home.expanduser().absolute()

    @property
    def runs_locally(self) -> bool:
        """Whether jobs are processes of this machine, not of Scrapyd nodes."""
        return self.scrapyd_urls == (LOCAL_RUNNER,)


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine by its name or address alone (no look-up)."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def env_file() -> Path | None:
    """The file that variables are read from, beside the environment."""
    file = Config.model_config.get("env_file")
    return Path(file) if isinstance(file, str | Path) else None


def load_config(**overrides: Any) -> Config:
    """Reads the environment and `.env`; overrides (by field name) win.

    Raises:
        ConfigError: names each refused variable and says what it accepts; or the file, where it
            cannot be read or is somebody else's.
    """
    file = env_file()
    if file is not None and (stranger := stranger_of(file)) is not None:
        raise ConfigError(
            f"{file} belongs to another user, {stranger}: run this in a folder of your own, "
            "or give the file to the user that runs this (`chown`)"
        )
    try:
        return Config(**overrides)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(error))) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ConfigError(f"{file} cannot be read: {reason}") from None


def misspelt() -> Iterator[tuple[str, str]]:
    """Names in the environment and in `.env` that look like one of ours and are none, with ours.

    Other names there are other programs' affair.
    """
    named = {*DotEnvSettingsSource(Config).env_vars, *map(str.lower, os.environ)}
    for name in sorted(named - Config.model_fields.keys()):
        for meant in get_close_matches(name, Config.model_fields, n=1, cutoff=_LIKENESS):
            yield name.upper(), meant.upper()


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        reason = problem["msg"].removeprefix("Value error, ")
        if problem["loc"]:  # not a rule about several variables
            name = str(problem["loc"][0])
            accepts = Config.model_fields[name].description
            reason = f"{name.upper()}: {reason} (accepts: {accepts})"
        lines.append(reason)
    return lines
