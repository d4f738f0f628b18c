"""`scrapy crawl` with an exit status that tells how the job ended, and checks before it starts."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError as ScrapyUsageError

from pincali_sync.agreed_headers import agreed_headers
from pincali_sync.bootstrap import open_services
from pincali_sync.config import load_config
from pincali_sync.crawl_job import PATIENCE_SECONDS, JobSpider
from pincali_sync.exceptions import ExitStatus, PincaliSyncError
from pincali_sync.extensions.run_lifecycle import EXIT_STATUS
from pincali_sync.files import UMASK
from pincali_sync.visible import visible_lines

_FAILED = ExitStatus.FAILED


class Command(ScrapyCrawl):
    """Refuses what cannot work with one line, before any request is sent."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Before anything of this job is written, its log included."""
        os.umask(UMASK)
        super().process_options(args, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawls with one spider, and ends with a status that says how it went."""
        if len(args) != 1:
            raise ScrapyUsageError("name one spider: manifest, detail, verification or sitemap")
        assert self.crawler_process is not None
        try:
            crawler = self._create_crawler(args[0])  # its settings look for the browser
            _check(crawler, opts.spargs)
        except PincaliSyncError as error:
            print(f"scrapy crawl {args[0]}: {visible_lines(str(error))}", file=sys.stderr)
            self.exitcode = error.exit_status
            return
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        stats = crawler.stats  # None where the crawl did not even begin
        self.exitcode = int(stats.get_value(EXIT_STATUS, _FAILED)) if stats else _FAILED


def _check(crawler: Crawler, arguments: dict[str, str]) -> None:
    if issubclass(crawler.spidercls, JobSpider):
        crawler.spidercls.check_arguments(arguments)
    config = load_config()
    agreed_headers(config, config.pincali_base_url)  # can be read
    # In a thread of its own: `asyncio.run` would take away the loop that the reactor needs here.
    with ThreadPoolExecutor(max_workers=1) as pool:
        # A job that was ordered waits for the database; a person is told at once.
        patience = PATIENCE_SECONDS if "_job" in arguments else 0.0
        pool.submit(asyncio.run, _check_database(patience)).result()


async def _check_database(patience: float) -> None:
    async with open_services(load_config(), patience=patience):
        pass
