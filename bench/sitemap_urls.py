"""470,000 URLs of a sitemap, from the first request to their presence in the manifest.

`python -m bench.sitemap_urls [URLS]`: two passes of the spider, the first into an empty database.
"""

from __future__ import annotations

import gzip
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg

from bench.crawls import variables
from bench.own_database import own_database
from bench.programs import Took, run

_URLS = 470_000  # of the real sitemap in September 2026
_PER_SHARD = 50_000
_MOVED = 1  # in a hundred, between two passes


def measure(urls: int = _URLS) -> dict[str, float]:
    """Seconds of a first and of a second pass, and the spider's peak memory in MB."""
    with own_database() as (home, url), _sitemap(urls) as (base_url, shards):
        first, peak = _crawl(home, url, base_url)
        shards.update(_shards(urls, moved=_MOVED))
        again, _ = _crawl(home, url, base_url)
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(*) FROM property_manifest").fetchone()
    if row is None or row[0] <= urls:
        raise RuntimeError(f"{row} URLs were recorded, of {urls} and those that came")
    return {"sitemap_first_s": first, "sitemap_again_s": again, "sitemap_peak_mb": peak}


def _crawl(home: Path, url: str, base_url: str) -> Took:
    return run(["scrapy", "crawl", "sitemap"], variables(home, url, base_url, LOG_LEVEL="WARNING"))


@contextmanager
def _sitemap(urls: int) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Serves a sitemap of so many URLs, without validators: every pass reads all of it."""
    files = _shards(urls)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            body = files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base_url = f"http://127.0.0.1:{server.server_port}"
    links = "".join(f"<sitemap><loc>{base_url}{name}</loc></sitemap>" for name in files)
    files["/sitemap.xml"] = f"<sitemapindex>{links}</sitemapindex>".encode()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield base_url, files
    finally:
        server.shutdown()


def _shards(urls: int, *, moved: int = 0) -> dict[str, bytes]:
    """The shards by path; in each, so many in a hundred went and as many came."""
    files = {}
    for start in range(0, urls, _PER_SHARD):
        entries = "".join(
            f"<url><loc>https://www.pincali.com/inmueble/casa-en-venta-en-colonia-{n}"
            f"{'-nueva' if n % 100 < moved else ''}</loc></url>"
            for n in range(start, min(urls, start + _PER_SHARD))
        )
        files[f"/properties{start}.xml.gz"] = gzip.compress(f"<urlset>{entries}</urlset>".encode())
    return files


def main(urls: int = _URLS) -> int:
    """Prints the figures."""
    for name, value in measure(urls).items():
        print(f"{name:<16} {value:8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:2])))
