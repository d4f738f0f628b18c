"""Configuration: one typed object, and the only reader of the environment and of `.env`."""

from __future__ import annotations

import ipaddress
import re
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    Secret,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pincali_sync.exceptions import ConfigError
from pincali_sync.files import is_planted
from pincali_sync.language import named
from pincali_sync.moments import is_zone
from pincali_sync.url_forms import OPEN_URL, ROOT_URL, fits, is_http, is_postgres

LOCAL_RUNNER = "local"
# A comma that no URL follows belongs to the one before it, as in two recipients of a mail.
_BETWEEN_ALERT_URLS = re.compile(r"\s*,\s*(?=[A-Za-z][\w.+-]*://)|\s+")


def _split(value: Any, separator: str = ",") -> Any:
    """Leaves alone what is no text: values that are handed in are split already."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(separator) if part.strip())


def _are_nodes(nodes: tuple[str, ...]) -> tuple[str, ...]:
    for place, node in enumerate(nodes, 1):
        if node != LOCAL_RUNNER and not fits(ROOT_URL, node):
            raise ValueError(
                f"entry {place} is no http(s) URL of host and port alone; a user and a password "
                "go into SCRAPYD_USERNAME and SCRAPYD_PASSWORD"
            )
    if LOCAL_RUNNER in nodes and len(nodes) > 1:
        raise ValueError("`local` stands alone")
    if not nodes:
        raise ValueError("names no node")
    return tuple(node.rstrip("/") for node in nodes)


def _are_authorities(hosts: tuple[str, ...]) -> tuple[str, ...]:
    for host in hosts:
        if not fits(ROOT_URL, f"https://{host}") or "/" in host:
            raise ValueError("names something that is no host or host:port")
    return tuple(host.lower() for host in hosts)


def _are_tiers(value: Any) -> Any:
    tiers = set(map(str, _split(value)))
    if not tiers or not tiers <= {"1", "2", "3", "4"}:
        raise ValueError("names something else than the tiers 1, 2, 3 and 4")
    return tuple(sorted(map(int, tiers)))


def _are_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    for host in hosts:
        if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", host):
            raise ValueError("names something that is no host")
    return tuple(host.lower() for host in hosts)


SecretUrl = Annotated[str, AfterValidator(is_http)]
OpenUrl = Annotated[str, AfterValidator(partial(is_http, pattern=OPEN_URL))]
RootUrl = Annotated[str, AfterValidator(partial(is_http, pattern=ROOT_URL))]
Seconds = Annotated[float, Field(ge=0, le=3600, description="seconds, 0 to 3600")]
Hours = Annotated[float, Field(gt=0, description="hours, more than 0")]
Days = Annotated[float, Field(gt=0, description="days, more than 0")]
PagesOfASource = Annotated[int, Field(ge=1, description="pages per source, at least 1")]
Positive = Annotated[int, Field(ge=1)]
Words = Annotated[tuple[str, ...], NoDecode]


class Config(BaseSettings):
    """Every variable that operators may set; a field's name is the variable's, in lower case.

    A field's description, which may be its docstring, says what it accepts: it is shown when a
    value is refused.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    database_url: Secret[Annotated[str, AfterValidator(is_postgres)]] | None = None
    """postgresql://user:password@host:port/database, or unset: embedded server"""
    pincali_home: Path = Field(Path(".pincali"), description="a folder for state and logs")
    pincali_base_url: RootUrl = "https://www.pincali.com"
    """the site's root, http(s)://host[:port]"""
    pincali_sitemap_url: OpenUrl | None = Field(None, description="the URL of the sitemap index")
    sitemap_hosts: Annotated[Words, BeforeValidator(_split), AfterValidator(_are_authorities)] = (
        "assets.easybroker.com",
    )
    """comma-separated host[:port] that the sitemap may lead to, beside the site's own"""
    scrapyd_urls: Annotated[Words, BeforeValidator(_split), AfterValidator(_are_nodes)] = (
        "http://127.0.0.1:6800",
    )
    """comma-separated http(s)://host:port of Scrapyd nodes, or `local`"""
    scrapyd_username: str | None = None
    """basic auth user of the nodes; unset: made by `make up`"""
    scrapyd_password: Secret[str] | None = None
    """basic auth password of the nodes; unset: made by `make up`"""

    site_min_gap_seconds: float = Field(1.5, ge=0, le=3600)
    """seconds, 0 to 3600; 0 only for a site on loopback"""
    page_delay_seconds: Seconds = 1.5
    detail_delay_seconds: Seconds = 1.0
    detail_transport: Literal["playwright", "http"] = "playwright"
    """playwright or http"""
    detail_javascript: bool = False
    """0 or 1: whether scripts of detail pages run in the browser"""
    detail_concurrency: int = Field(4, ge=1, le=32, description="pages at once, 1 to 32")
    chromium_executable: Path | None = Field(None, description="the path of a Chromium")
    site_page_cap: Positive = 100
    """pages that the site shows of a query, at least 1"""
    user_agents: Annotated[Words, BeforeValidator(partial(_split, separator="|"))] = (
        "PincaliSync/0.1",
    )
    """user agents, separated by |; requests take turns among them"""
    cookies_file: Path | None = None
    """a browser's JSON list of cookies, Playwright's storage_state or a cookies.txt"""
    request_timeout_seconds: float = Field(30, gt=0, le=600, description="seconds, up to 600")
    retry_times: int = Field(3, ge=0, le=10, description="repeats of a failed request, 0 to 10")
    retry_backoff_seconds: float = Field(2.0, ge=0, le=600)
    """seconds before the first repeat; doubles with each"""

    tier_1_frequency_hours: Hours = 6
    tier_2_frequency_hours: Hours = 24
    tier_3_frequency_days: Days = 7
    tier_4_frequency_days: Days = 30
    tier_1_pages: PagesOfASource = 10
    tier_2_pages: PagesOfASource = 100
    tier_3_pages: int = Field(0, ge=0, description="pages per source; 0: all")
    tier_4_stale_days: Positive = Field(30, description="days, at least 1")
    tier_3_stale_days: Days = 7
    tier_4_sample_share: float = Field(0.10, ge=0, le=1, description="a share, 0 to 1")
    tier_4_detail_delay_seconds: Seconds = 3.0
    max_age_days: float = Field(45, gt=0)
    """days after which a record is visited whatever it is worth"""
    tiers_enabled: Annotated[tuple[int, ...], NoDecode, BeforeValidator(_are_tiers)] = (1, 2, 3, 4)
    """comma-separated tiers out of 1,2,3,4"""

    queue_max_pending: Positive = Field(10_000, description="rows, at least 1")
    detail_daily_budget: Positive = Field(20_000, description="detail pages a day, at least 1")
    queue_max_attempts: int = Field(3, ge=1, le=20, description="attempts, 1 to 20")
    queue_lease_seconds: int = Field(120, ge=5, le=3600)
    """seconds a worker may hold a page unheard of, 5 to 3600"""
    queue_retry_seconds: float = Field(60, ge=0)
    """seconds before a failed page's next attempt; doubles with each"""
    job_silence_seconds: int = Field(120, ge=5, le=3600)
    """seconds after which a silent job is started again, or another runner takes over, 5 to 3600"""
    drain_window_minutes: Positive = 60
    """minutes a run waits for the pages it queued"""
    keep_queue_days: Days = Field(35, description="days finished queue rows are kept")
    keep_staging_days: Days = Field(7, description="days staged pages are kept")
    keep_sightings_days: Days = Field(45, description="days sightings are kept")
    keep_runs_days: float = Field(400, gt=0)
    """days ended runs, figures over time and ended incidents are kept"""
    store_agent_data: bool = Field(True, description="1 or 0; 0: no agent's name, phone or e-mail")
    keep_agent_data_days: Days = 365
    """days agents' data are kept in the journal and in removed listings"""
    removal_audit_size: int = Field(100, ge=0)
    """confirmed removals looked at again each week; 0: none"""

    alert_urls: Secret[str] | None = None
    """Apprise URLs, separated by spaces or commas"""
    alert_queue_backlog: Positive | None = None
    """pending pages, at least 1; unset: nine tenths of the ceiling"""
    healthcheck_url: Secret[SecretUrl] | None = None
    """http(s) URL that cron's tick pings, with /start and /fail"""
    web_token: Secret[Annotated[str, Field(min_length=16)]] | None = None
    """at least 16 characters; unset: the dashboard decides nothing"""
    web_hosts: Annotated[Words, BeforeValidator(_split), AfterValidator(_are_hosts)] = ()
    """comma-separated names or addresses that the dashboard may be asked by, without ports"""
    display_timezone: Annotated[str, AfterValidator(is_zone)] = "UTC"
    """the zone that times are shown in, by its IANA name, such as America/Mexico_City"""
    display_language: Annotated[Literal["en", "es-MX"] | None, BeforeValidator(named)] = None
    """en or es-MX; unset: as LC_ALL, LC_MESSAGES or LANG say, the dashboard as the browser asks"""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """DEBUG, INFO, WARNING or ERROR"""

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
    if file is not None and is_planted(file):
        raise ConfigError(f"another user has put {file} here: run this in a folder of its own")
    try:
        return Config(**overrides)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(error))) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ConfigError(f"{file} cannot be read: {reason}") from None


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
