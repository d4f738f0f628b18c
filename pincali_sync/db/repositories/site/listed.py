"""What the sitemap lists, as other statements ask for it.

A URL that its shard goes on listing is not written again: that it is there, and since when at the
latest, is told by the shard's row (see decision 40).
"""

from __future__ import annotations

# Every URL that the sitemap ever listed, with when it did so last and in which pass.
LISTED_URLS = """(
    SELECT u.computed_id, u.source_url, u.first_listed_at,
           greatest(u.listed_at, s.dated_at) AS listed_at,
           coalesce(s.session_id, u.session_id) AS session_id
      FROM sitemap_urls u LEFT JOIN sitemap_shards s ON s.url = u.shard_url)"""


def listed_at(record: str) -> str:
    """When the sitemap listed a record last, under any of its forms; NULL where it never did.

    A slug that is an alias stands for its record. For some records: it looks them up one by one.
    """
    return f"""(
    SELECT max(greatest(u.listed_at, s.dated_at))
      FROM sitemap_urls u LEFT JOIN sitemap_shards s ON s.url = u.shard_url
     WHERE u.computed_id = ANY(ARRAY(
           SELECT alias FROM property_aliases a WHERE a.property_id = {record}
           UNION ALL
           SELECT {record} WHERE NOT EXISTS (SELECT FROM property_aliases a
                                              WHERE a.alias = {record}))))"""
