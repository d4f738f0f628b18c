"""The local stack: PostgreSQL and Scrapyd in the background."""
