"""Configuration: one typed object, and the only reader of the environment and of `.env`."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pincali_sync.exceptions import ConfigError

LOCAL_RUNNER = "local"
_POSTGRES_SCHEMES = {"postgresql", "postgres", "postgresql+psycopg"}

_WEB_TOKEN_LENGTH = 16

CommaList = Annotated[tuple[str, ...], NoDecode]


class Config(BaseSettings):
    """Every variable that operators may set; a field's name is the variable's, in lower case.

    A field's description says what it accepts: it is shown when a value is refused.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: SecretStr | None = Field(
        None, description="postgresql://user:password@host:port/database, or unset: embedded server"
    )
    pincali_home: Path = Field(Path(".pincali"), description="a folder for state and logs")
    pincali_base_url: str = Field(
        "https://www.pincali.com", description="the site's root, http(s)://host[:port]"
    )
    pincali_sitemap_url: str | None = Field(None, description="the URL of the sitemap index")
    scrapyd_urls: CommaList = Field(
        ("http://127.0.0.1:6800",),
        description="comma-separated http(s)://host:port of Scrapyd nodes, or `local`",
    )
    scrapyd_username: str | None = Field(None, description="basic auth user of the nodes")
    scrapyd_password: SecretStr | None = Field(None, description="basic auth password of the nodes")

    site_min_gap_seconds: float = Field(
        1.5, ge=0, le=3600, description="seconds, 0 to 3600; 0 only for a site on loopback"
    )
    page_delay_seconds: float = Field(1.5, ge=0, le=3600, description="seconds, 0 to 3600")
    detail_delay_seconds: float = Field(1.0, ge=0, le=3600, description="seconds, 0 to 3600")
    detail_transport: Literal["playwright", "http"] = Field(
        "playwright", description="playwright or http"
    )
    detail_concurrency: int = Field(4, ge=1, le=32, description="pages at once, 1 to 32")
    chromium_executable: Path | None = Field(None, description="the path of a Chromium")
    site_page_cap: int = Field(
        100, ge=1, description="pages that the site shows of a query, at least 1"
    )
    user_agents: Annotated[tuple[str, ...], NoDecode] = Field(
        ("PincaliSync/0.1",),
        description="user agents, separated by |; requests take turns among them",
    )
    cookies_file: Path | None = Field(
        None, description="a JSON file: a list of objects with name, value, domain and path"
    )
    request_timeout_seconds: float = Field(30, gt=0, le=600, description="seconds, up to 600")
    retry_times: int = Field(3, ge=0, le=10, description="repeats of a failed request, 0 to 10")
    retry_backoff_seconds: float = Field(
        2.0, ge=0, le=600, description="seconds before the first repeat; doubles with each"
    )

    tier_1_frequency_hours: float = Field(6, gt=0, description="hours, more than 0")
    tier_2_frequency_hours: float = Field(24, gt=0, description="hours, more than 0")
    tier_3_frequency_days: float = Field(7, gt=0, description="days, more than 0")
    tier_4_frequency_days: float = Field(30, gt=0, description="days, more than 0")
    tier_1_pages: int = Field(10, ge=1, description="pages per source, at least 1")
    tier_2_pages: int = Field(100, ge=1, description="pages per source, at least 1")
    tier_3_pages: int = Field(0, ge=0, description="pages per source; 0: all")
    tier_4_stale_days: int = Field(30, ge=1, description="days, at least 1")
    tier_3_stale_days: float = Field(7, gt=0, description="days, more than 0")
    tier_4_sample_share: float = Field(0.10, ge=0, le=1, description="a share, 0 to 1")
    tier_4_detail_delay_seconds: float = Field(3.0, ge=0, le=3600, description="seconds, 0 to 3600")
    max_age_days: float = Field(
        45, gt=0, description="days after which a record is visited whatever it is worth"
    )
    tiers_enabled: Annotated[tuple[int, ...], NoDecode] = Field(
        (1, 2, 3, 4), description="comma-separated tiers out of 1,2,3,4"
    )

    queue_max_pending: int = Field(10_000, ge=1, description="rows, at least 1")
    detail_daily_budget: int = Field(20_000, ge=1, description="detail pages a day, at least 1")
    queue_max_attempts: int = Field(3, ge=1, le=20, description="attempts, 1 to 20")
    queue_lease_seconds: int = Field(
        120, ge=5, le=3600, description="seconds a worker may hold a page unheard of, 5 to 3600"
    )
    queue_retry_seconds: float = Field(
        60, ge=0, description="seconds before a failed page's next attempt; doubles with each"
    )
    job_silence_seconds: int = Field(
        120, ge=5, description="seconds without a heartbeat after which a job is started again"
    )
    drain_window_minutes: int = Field(
        60, ge=1, description="minutes a run waits for the pages it queued"
    )
    keep_queue_days: float = Field(35, gt=0, description="days finished queue rows are kept")
    keep_staging_days: float = Field(7, gt=0, description="days staged pages are kept")
    keep_sightings_days: float = Field(45, gt=0, description="days sightings are kept")
    keep_runs_days: float = Field(
        400, gt=0, description="days ended runs, figures over time and ended incidents are kept"
    )
    removal_audit_size: int = Field(
        100, ge=0, description="confirmed removals looked at again each week; 0: none"
    )

    alert_urls: SecretStr | None = Field(
        None, description="Apprise URLs, separated by spaces or commas"
    )
    alert_queue_backlog: int | None = Field(
        None, ge=1, description="pending pages, at least 1; unset: nine tenths of the ceiling"
    )
    healthcheck_url: SecretStr | None = Field(
        None, description="http(s) URL that cron's tick pings, with /start and /fail"
    )
    web_token: SecretStr | None = Field(
        None, description="at least 16 characters; unset: the dashboard decides nothing"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        parts = urlsplit(value.get_secret_value())
        if parts.scheme not in _POSTGRES_SCHEMES or not parts.hostname or len(parts.path) < 2:
            raise ValueError("is not a PostgreSQL URL with a host and a database")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("has a port that is no number") from None
        return value

    @field_validator("pincali_base_url", "pincali_sitemap_url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("is not an http(s) URL")
        return value.rstrip("/")

    @field_validator("healthcheck_url")
    @classmethod
    def _is_http_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            cls._is_http(value.get_secret_value())
        return value

    @field_validator("web_token")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < _WEB_TOKEN_LENGTH:
            raise ValueError("is too short")
        return value

    @field_validator("scrapyd_urls", mode="before")
    @classmethod
    def _split_nodes(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        nodes = tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        for node in nodes:
            if node != LOCAL_RUNNER and urlsplit(node).scheme not in {"http", "https"}:
                raise ValueError(f"{node!r} is no http(s) URL")
        if LOCAL_RUNNER in nodes and len(nodes) > 1:
            raise ValueError("`local` stands alone")
        if not nodes:
            raise ValueError("names no node")
        return nodes

    @field_validator("user_agents", mode="before")
    @classmethod
    def _split_agents(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split("|") if part.strip())
        return value

    @field_validator("tiers_enabled", mode="before")
    @classmethod
    def _split_tiers(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        tiers = tuple(part.strip() for part in value.split(",") if part.strip())
        if not tiers or not set(tiers) <= {"1", "2", "3", "4"}:
            raise ValueError("names something else than the tiers 1, 2, 3 and 4")
        return tuple(sorted({int(tier) for tier in tiers}))

    @model_validator(mode="after")
    def _unpaced_only_on_loopback(self) -> Config:
        if self.site_min_gap_seconds == 0 and not is_loopback(self.pincali_base_url):
            raise ValueError(
                "SITE_MIN_GAP_SECONDS=0 is accepted only while PINCALI_BASE_URL is on loopback"
            )
        return self

    @property
    def sitemap_url(self) -> str:
        return self.pincali_sitemap_url or f"{self.pincali_base_url}/sitemap.xml"

    @property
    def alert_targets(self) -> tuple[str, ...]:
        """The Apprise URLs that alerts go to."""
        if self.alert_urls is None:
            return ()
        return tuple(self.alert_urls.get_secret_value().replace(",", " ").split())

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


def load_config(**overrides: Any) -> Config:
    """Reads the environment and `.env`; overrides (by field name) win.

    Raises:
        ConfigError: names each refused variable and says what it accepts.
    """
    try:
        return Config(**overrides)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(error))) from None


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        reason = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            lines.append(reason)
            continue
        name = str(problem["loc"][0])
        field = Config.model_fields.get(name)
        accepts = field.description if field else ""
        lines.append(f"{name.upper()}: {reason} (accepts: {accepts})")
    return lines
