"""Every variable that operators may set: what it is for, what it accepts, its default.

`make reference` writes `.env.example` and `docs/reference/variables.md` from this file.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Secret
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pincali_sync.language import named
from pincali_sync.moments import is_zone
from pincali_sync.url_forms import OPEN_URL, ROOT_URL, fits, is_http, is_postgres
from pincali_sync.webhook_forms import are_webhook_secrets, are_webhooks

LOCAL_RUNNER = "local"
_LONGEST_DAYS = 36_500  # a hundred years: dates that far off can be reckoned with
_LONGEST_HOURS = 24 * _LONGEST_DAYS
_MOST_PAGES = 100_000  # of a source
_MOST_ROWS = 10_000_000  # of the queue, and fetched in a day


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


def _are_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or not all(re.fullmatch(r"[\x20-\x7e]+", name) for name in names):
        raise ValueError("names nobody, or has a sign that no header may have")
    return names


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
Hours = Annotated[
    float, Field(gt=0, le=_LONGEST_HOURS, description="hours, more than 0, up to 876,000")
]
Days = Annotated[
    float, Field(gt=0, le=_LONGEST_DAYS, description="days, more than 0, up to 36,500")
]
Term = Annotated[
    float,
    Field(gt=0, le=_LONGEST_DAYS, description="days, more than 0, up to 36,500 (for ever)"),
]
PagesOfASource = Annotated[
    int, Field(ge=1, le=_MOST_PAGES, description="pages per source, 1 to 100,000")
]
Rows = Annotated[int, Field(ge=1, le=_MOST_ROWS)]
Words = Annotated[tuple[str, ...], NoDecode]


class Variables(BaseSettings):
    """A field's name is the variable's, in lower case; its docstring says what it is for.

    Its description, which is the docstring where none is given, says what it accepts: it is shown
    when a value is refused. A comment above a field opens a group of the reference.
    """

    model_config = SettingsConfigDict(
        allow_inf_nan=False,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    # Database, site and nodes
    database_url: Secret[Annotated[str, AfterValidator(is_postgres)]] | None = Field(
        None, description="postgresql://user:password@host:port/database, or unset: embedded server"
    )
    """Where everything is kept."""
    pincali_home: Path = Field(Path(".pincali"), description="a folder")
    """State beside the database: the embedded server, logs, Scrapyd's folders, reports."""
    pincali_base_url: RootUrl = Field(
        "https://www.pincali.com", description="http(s)://host[:port]"
    )
    """The site's root."""
    pincali_sitemap_url: OpenUrl | None = Field(
        None, description="a URL; unset: /sitemap.xml of the site"
    )
    """The sitemap index, which tiers 2 and 3 read."""
    sitemap_hosts: Annotated[Words, BeforeValidator(_split), AfterValidator(_are_authorities)] = (
        Field(("assets.easybroker.com",), description="comma-separated host[:port]")
    )
    """Whom the sitemap may lead to beside the site's own host; nobody else is asked."""
    scrapyd_urls: Annotated[Words, BeforeValidator(_split), AfterValidator(_are_nodes)] = Field(
        ("http://127.0.0.1:6800",),
        description="comma-separated http(s)://host:port of Scrapyd nodes, or `local`",
    )
    """Where spiders run; `local`: as plain processes of this machine, without Scrapyd."""
    scrapyd_username: str | None = Field(
        None, description="a name, together with SCRAPYD_PASSWORD; unset: made by `make up`"
    )
    """Basic auth user of the nodes."""
    scrapyd_password: Secret[str] | None = Field(
        None, description="a password, together with SCRAPYD_USERNAME; unset: made by `make up`"
    )
    """Basic auth password of the nodes."""

    # Manners, and how pages are fetched
    site_min_gap_seconds: float = Field(
        1.5, ge=0, le=3600, description="seconds, 0 to 3600; 0 only for a site on loopback"
    )
    """Least time between two requests, all workers together; never below robots' Crawl-delay."""
    page_delay_seconds: Seconds = 1.5
    """Gap after a listing page, where longer."""
    detail_delay_seconds: Seconds = 1.0
    """Gap after a detail page, where longer."""
    detail_transport: Literal["playwright", "http"] = Field(
        "playwright", description="playwright or http"
    )
    """What fetches detail pages: a real browser, or plain requests."""
    detail_javascript: bool = Field(False, description="0 or 1")
    """Whether scripts of detail pages run in the browser; nothing needs it today (decision 31)."""
    detail_concurrency: int = Field(4, ge=1, le=32, description="pages, 1 to 32")
    """Detail pages open at once."""
    chromium_executable: Path | None = Field(None, description="a path; unset: the one found")
    """A browser to use instead."""
    site_page_cap: int = Field(100, ge=1, le=_MOST_PAGES, description="pages, 1 to 100,000")
    """Pages the site is first believed to show of a query; a scan sees how many there are, and
    reads what has more in parts."""
    user_agents: Annotated[
        Words, BeforeValidator(partial(_split, separator="|")), AfterValidator(_are_names)
    ] = Field(("PincaliSync/0.1",), description="names, separated by |")
    """Who we say we are; requests take turns among them."""
    cookies_file: Path | None = Field(
        None,
        description="a browser's JSON list of cookies, Playwright's storage_state or a cookies.txt",
    )
    """Cookies of which the site's own go with detail pages."""
    extra_headers_file: Path | None = Field(None, description="lines of the form `Name: value`")
    """Headers agreed with the site; they go to its own host alone, and are never shown."""
    request_timeout_seconds: float = Field(30, gt=0, le=600, description="seconds, up to 600")
    """Patience with one request."""
    retry_times: int = Field(3, ge=0, le=10, description="repeats, 0 to 10")
    """How often a listing page that failed is asked for again."""
    retry_backoff_seconds: float = Field(2.0, ge=0, le=600, description="seconds, 0 to 600")
    """Pause before the first repeat; doubles with each."""

    # Tiers
    tier_1_frequency_hours: Hours = 6
    """How often tier 1 runs; another value than the default replaces the wall-clock slots."""
    tier_2_frequency_hours: Hours = 24
    """How often tier 2 runs, likewise."""
    tier_3_frequency_days: Days = 7
    """How often tier 3 runs, likewise."""
    tier_4_frequency_days: Days = 30
    """How often tier 4 runs, likewise."""
    tier_1_pages: PagesOfASource = 10
    """Least pages of each of the four listings that tier 1 reads; after a run that did not get to
    what was known, the next goes deeper, to the page cap at most."""
    tier_2_pages: PagesOfASource = 100
    """Least pages of each listing that tier 2 reads, likewise."""
    tier_3_pages: int = Field(
        0, ge=0, le=_MOST_PAGES, description="pages per source, up to 100,000; 0: all"
    )
    """Least pages of each listing that tier 3 reads, likewise."""
    tier_4_stale_days: int = Field(30, ge=1, le=_LONGEST_DAYS, description="days, 1 to 36,500")
    """Age from which tier 4 refreshes details."""
    tier_3_stale_days: Days = 7
    """Age from which tier 3 refreshes details."""
    tier_4_sample_share: float = Field(0.10, ge=0, le=1, description="a share, 0 to 1")
    """Share of the listings visited at random each month."""
    tier_4_detail_delay_seconds: Seconds = 3.0
    """Gap after a detail page of tier 4, where longer."""
    max_age_days: Days = 45
    """Age from which a record is visited whatever it is worth."""
    tiers_enabled: Annotated[tuple[int, ...], NoDecode, BeforeValidator(_are_tiers)] = Field(
        (1, 2, 3, 4), description="comma-separated tiers out of 1,2,3,4"
    )
    """Which tiers run by themselves, for a rollout in stages."""

    # Queue and jobs
    queue_max_pending: Rows = Field(10_000, description="rows, 1 to 10,000,000")
    """Ceiling of the queue; what does not fit waits outside."""
    detail_daily_budget: Rows = Field(20_000, description="pages, 1 to 10,000,000")
    """Detail pages a day; news comes first and is never held back."""
    queue_max_attempts: int = Field(3, ge=1, le=20, description="attempts, 1 to 20")
    """Attempts before a page is set aside."""
    queue_lease_seconds: int = Field(120, ge=5, le=3600, description="seconds, 5 to 3600")
    """How long a worker may hold a page unheard of."""
    queue_retry_seconds: float = Field(
        60, ge=0, le=86_400, description="seconds, 0 to 86,400 (a day)"
    )
    """Wait before a failed page's next attempt; doubles with each."""
    job_silence_seconds: int = Field(120, ge=5, le=3600, description="seconds, 5 to 3600")
    """Silence after which a job is started again, or another runner takes over."""
    drain_window_minutes: int = Field(
        60, ge=1, le=10_080, description="minutes, 1 to 10,080 (a week)"
    )
    """How long a run waits for the pages it queued."""

    # What is kept, and how long
    keep_queue_days: Term = 35
    """Term of finished queue rows."""
    keep_staging_days: Term = 7
    """Term of staged pages."""
    keep_sightings_days: Term = 45
    """Term of sightings, and of the pages that scans read."""
    keep_runs_days: Term = 400
    """Term of ended runs and jobs, settled looks at pages, figures over time, ended incidents."""
    store_agent_data: bool = Field(True, description="1 or 0")
    """0: no agent's name, phone or e-mail is kept, and what there is goes with the next report."""
    keep_agent_data_days: Term = 365
    """Term after which agents' data go from the journal and from removed listings."""
    removal_audit_size: int = Field(
        100, ge=0, le=100_000, description="listings, up to 100,000; 0: none"
    )
    """Confirmed removals looked at again each week."""

    # Alerts, dashboard and logs
    alert_urls: Secret[str] | None = Field(
        None, description="Apprise URLs, separated by spaces or commas"
    )
    """Whom to tell."""
    alert_queue_backlog: Rows | None = Field(
        None, description="pages, 1 to 10,000,000; unset: nine tenths of the ceiling"
    )
    """Pending pages that are an alert."""
    healthcheck_url: Secret[SecretUrl] | None = Field(None, description="an http(s) URL")
    """Pinged by each tick of cron, with /start and /fail."""
    webhook_urls: Secret[Annotated[str, AfterValidator(are_webhooks)]] | None = Field(
        None, description="https URLs, separated by spaces or commas; http only on loopback"
    )
    """Where changes are sent to as they come."""
    webhook_secret: Secret[Annotated[str, AfterValidator(are_webhook_secrets)]] | None = Field(
        None,
        description="whsec_ and 24 to 64 bytes in base64; two, with a space, while it is changed",
    )
    """Signs what is sent there, as Standard Webhooks has it."""
    web_token: Secret[Annotated[str, Field(min_length=16)]] | None = Field(
        None, description="at least 16 characters; unset: the dashboard decides nothing"
    )
    """Whoever has it may decide on the dashboard."""
    web_hosts: Annotated[Words, BeforeValidator(_split), AfterValidator(_are_hosts)] = Field(
        (), description="comma-separated names or addresses, without ports"
    )
    """By what the dashboard may be asked besides `localhost` and `--host`."""
    display_timezone: Annotated[str, AfterValidator(is_zone)] = Field(
        "UTC", description="an IANA name, such as America/Mexico_City"
    )
    """The zone that times are shown in and days are counted by."""
    display_language: Annotated[Literal["en", "es-MX"] | None, BeforeValidator(named)] = Field(
        None,
        description="en or es-MX; unset: as LC_ALL, LC_MESSAGES or LANG say, the dashboard as the "
        "browser asks",
    )
    """The language of what people read; files, JSON, metrics and logs stay as they are."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    """What the log files hold, from this level up."""
