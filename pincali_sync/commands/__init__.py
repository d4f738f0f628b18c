"""Commands of Scrapy."""
