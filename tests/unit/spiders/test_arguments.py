"""A spider does what its arguments say, or nothing: one that it does not know is refused."""

from __future__ import annotations

import pytest

from pincali_sync.crawl_job import JobSpider
from pincali_sync.exceptions import UsageError
from pincali_sync.spiders.detail import DetailSpider
from pincali_sync.spiders.manifest import ManifestSpider
from pincali_sync.spiders.sitemap import SitemapSpider
from pincali_sync.spiders.verification import VerificationSpider

SPIDERS = [ManifestSpider, DetailSpider, VerificationSpider, SitemapSpider]


@pytest.mark.parametrize("spider", SPIDERS)
@pytest.mark.parametrize("mistyped", ["max_item", "sources", "name", "self"])
def test_an_argument_that_a_spider_does_not_know_is_refused_however_it_is_made(
    spider: type[JobSpider], mistyped: str
) -> None:
    with pytest.raises(UsageError, match=f"{spider.name} takes .*not {mistyped}"):
        spider.check_arguments({mistyped: "5"})
    with pytest.raises(UsageError, match=f"not {mistyped}"):
        spider(**{mistyped: "5"})


def test_whoever_mistypes_an_argument_is_told_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="manifest takes source, tier and max_pages, not foo, bar"):
        ManifestSpider.check_arguments({"foo": "1", "bar": "2", "tier": "1"})
    with pytest.raises(UsageError, match="detail takes max_items, not foo"):
        DetailSpider.check_arguments({"foo": "1"})
    with pytest.raises(UsageError, match="verification takes no arguments, not foo"):
        VerificationSpider.check_arguments({"foo": "1"})


@pytest.mark.parametrize("spider", SPIDERS)
def test_what_scrapyd_adds_is_taken(spider: type[JobSpider]) -> None:
    spider.check_arguments({"_job": "a" * 32, "_version": "1"})


def test_all_arguments_that_a_spider_has_are_taken() -> None:
    ManifestSpider.check_arguments({"source": "rent", "tier": "2", "max_pages": "3"})
    DetailSpider.check_arguments({"max_items": "5"})


@pytest.mark.parametrize("text", ["²", "٣", "-1", "+1", "1.0", " 1", "", "1_0", "9" * 5000])
def test_what_is_no_whole_number_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(UsageError, match="a whole number from 0"):
        ManifestSpider.check_arguments({"max_pages": text})
    with pytest.raises(UsageError, match="a whole number from 1"):
        DetailSpider.check_arguments({"max_items": text})


def test_an_empty_source_is_no_order_to_read_all_of_them() -> None:
    with pytest.raises(UsageError, match="unknown source ''"):
        ManifestSpider.check_arguments({"source": ""})


def test_tier_four_reads_no_listing_pages_unless_told_how_many() -> None:
    with pytest.raises(UsageError, match=r"tier 4 .*`pincali-sync tier4`.*`scrapy crawl detail`"):
        ManifestSpider.check_arguments({"tier": "4"})
    ManifestSpider.check_arguments({"tier": "4", "max_pages": "2"})
