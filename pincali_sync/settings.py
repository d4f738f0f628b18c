"""Scrapy settings. What operators may change comes from `config`, and from nowhere else."""

from __future__ import annotations

import sys

from pincali_sync.config import load_config
from pincali_sync.domain.limits import MAX_PAGE_BYTES
from pincali_sync.domain.liveness import tells_nothing
from pincali_sync.exceptions import ConfigError
from pincali_sync.moments import LOG_TIMES

try:
    _config = load_config()
except ConfigError as error:
    # Scrapy imports this module before any command can catch an error.
    print(error, file=sys.stderr)
    raise SystemExit(error.exit_status) from None

BOT_NAME = "pincali_sync"
SPIDER_MODULES = ["pincali_sync.spiders"]
COMMANDS_MODULE = "pincali_sync.commands"

# --- manners ---
ROBOTSTXT_OBEY = True  # by a middleware of our own
USER_AGENTS = list(_config.user_agents)
USER_AGENT = _config.user_agents[0]
PAGE_DELAY_SECONDS = _config.page_delay_seconds
DETAIL_DELAY_SECONDS = _config.detail_delay_seconds
DOWNLOAD_DELAY = 0  # the politeness middleware paces all workers together; this would add to it
CONCURRENT_REQUESTS = 8
CONCURRENT_ITEMS = 1  # a page is an item or two, and Scrapy starts so many tasks for each answer
DOWNLOAD_TIMEOUT = _config.request_timeout_seconds
RETRY_TIMES = _config.retry_times
RETRY_BACKOFF_SECONDS = _config.retry_backoff_seconds
# Whatever tells nothing of its page, errors of whoever stands before the site among them.
RETRY_HTTP_CODES = [status for status in range(400, 1000) if tells_nothing(status)]
# A page that exceeds it is lost; Scrapy counts on the way, and again while it unpacks.
DOWNLOAD_MAXSIZE = MAX_PAGE_BYTES
_handler = "pincali_sync.handlers.bounded.BoundedDownloadHandler"
DOWNLOAD_HANDLERS = {"http": _handler, "https": _handler}
TWISTED_DNS_RESOLVER = "pincali_sync.middlewares.hosts.PublicResolver"
DNSCACHE_ENABLED = False  # it forgets nothing, and a site may move while a scan lasts
# A listing or detail page never moves by redirect to another listing: a redirect is an answer.
REDIRECT_ENABLED = False
METAREFRESH_ENABLED = False  # neither by a tag of the page's
HTTPERROR_ALLOW_ALL = True  # and so is any other status: the readers of answers judge it

# --- what the spiders are told by the runner or by hand ---
BASE_URL = _config.pincali_base_url
MANIFEST_MAX_PAGES: int | None = None  # None: as the tier says
SITEMAP_URL = _config.sitemap_url
DETAIL_TRANSPORT = _config.detail_transport
DETAIL_CONCURRENCY = _config.detail_concurrency
PROGRESS_SECONDS = 10
DRY_RUN_REPORT: str | None = None  # a file: compare pages, leave the report there, write nothing

# --- components ---
DOWNLOADER_MIDDLEWARES = {
    "pincali_sync.middlewares.hosts.HostsMiddleware": 80,
    # Before robots.txt is looked at (100), so that its rules for our own name are found.
    "pincali_sync.middlewares.user_agent.UserAgentMiddleware": 90,
    "pincali_sync.middlewares.agreed_headers.AgreedHeadersMiddleware": 95,  # robots.txt, too
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "pincali_sync.middlewares.robots.RobotsMiddleware": 100,
    # On the way back after a refusal (560) was recognised: a login is no place to follow to.
    "pincali_sync.middlewares.redirects.RedirectsMiddleware": 540,
    # In the place of Scrapy's own, which repeats without a pause.
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "pincali_sync.middlewares.retry.BackoffRetryMiddleware": 550,
    # After decompression (590) on the way back, and before a refusal could be repeated (550).
    "pincali_sync.middlewares.blocking.BlockingMiddleware": 560,
    # Before a turn is taken (990): it would pass while a browser starts.
    "pincali_sync.middlewares.browser.BrowserMiddleware": 980,
    # Nearest to the network: a turn is taken only when the request is really about to be sent.
    "pincali_sync.middlewares.politeness.PolitenessMiddleware": 990,
}
SPIDER_MIDDLEWARES = {
    # Nearest to the spider.
    "pincali_sync.middlewares.database.DatabaseMiddleware": 900,
}
ITEM_PIPELINES = {
    "pincali_sync.pipelines.manifest.ManifestPipeline": 300,  # of these two, a dry run has
    "pincali_sync.pipelines.manifest.PreviewPipeline": 310,  # the second only
    "pincali_sync.pipelines.sitemap.SitemapPipeline": 350,
    "pincali_sync.pipelines.queued.PropertyPipeline": 400,
    "pincali_sync.pipelines.queued.VerificationPipeline": 500,
}
EXTENSIONS = {
    "pincali_sync.extensions.run_lifecycle.RunLifecycle": 100,  # first: the others need the job
    "pincali_sync.extensions.heartbeat.Heartbeat": 200,
    "pincali_sync.extensions.progress.Progress": 300,
    "scrapy.extensions.logstats.LogStats": None,  # replaced by Progress
}

# --- no doors into the process ---
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

LOG_LEVEL = _config.log_level
LOG_DATEFORMAT = LOG_TIMES
# Items are whole pages: their text has no place in a log.
LOG_FORMATTER = "pincali_sync.log_format.QuietLogFormatter"
