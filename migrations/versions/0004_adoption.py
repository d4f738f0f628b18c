"""What rows that were there before need: back-fill, EasyBroker ids, former forms of ids.

The specification's Phase 1. In chunks of one transaction each: no lock is held for long, and an
upgrade that is stopped goes on where it was.

Revision ID: 0004_adoption
Revises: 0003_tiers
"""

from __future__ import annotations

from alembic import context, op
from sqlalchemy import text

from migrations.tolerant_ddl import be_patient, normal_public_id

revision = "0004_adoption"
down_revision = "0003_tiers"
branch_labels = None
depends_on = None

_CHUNK = 5_000

# The numeric id in an image's URL, where its file name does not show the EasyBroker id: the last
# four digits are its own, the letters are bijective base 26 of the rest (see domain.identity).
_IMAGES = "coalesce(l.main_image_url, '') || ' ' || coalesce(l.image_urls::text, '')"
_NUMBER = f"(substring({_IMAGES} FROM '/property_images/([0-9]{{5,8}})/'))::integer"
_LETTERS = """CASE
    WHEN n.high <= 26 THEN chr(64 + n.high)
    WHEN n.high <= 702 THEN chr(65 + (n.high - 27) / 26) || chr(65 + mod(n.high - 27, 26))
    ELSE chr(65 + (n.high - 703) / 676) || chr(65 + mod((n.high - 703) / 26, 26))
         || chr(65 + mod(n.high - 703, 26))
END"""
_PUBLIC_ID = f"""coalesce(
    substring({_IMAGES} FROM '/property_images/[0-9]+/[0-9]+/(EB-[A-Z]{{1,3}}[0-9]{{4}})'),
    CASE WHEN n.high > 0
         THEN 'EB-' || {_LETTERS} || lpad(mod(n.number, 10000)::text, 4, '0') END)"""

# A row that the earlier scraper did not call active, however it wrote that, does not become active.
_SAID = "lower(btrim(CAST(l.status AS text)))"
_LISTING_STATUS = f"""CASE
    WHEN l.listing_status <> 'active' OR coalesce({_SAID}, 'active') = 'active'
        THEN l.listing_status
    WHEN {_SAID} IN ('sold', 'rented') THEN 'sold'
    WHEN {_SAID} = 'removed' THEN 'confirmed_removed'
    ELSE 'likely_removed' END"""
# "Active" is written as views, indexes and checks compare it.
_STATUS = f"CASE WHEN {_SAID} = 'active' THEN 'active' ELSE l.status END"

# What somebody wrote into such a column may be no id.
_KEPT_OR_FOUND = f"coalesce({normal_public_id('l.public_id')}, ids.public_id)"

# Only rows that we never visited, and of these only what would change.
_BACKFILL = f"""
UPDATE properties_live l
   SET last_manifest_seen_at = coalesce(l.last_manifest_seen_at, l.last_seen_at),
       last_full_scrape_at = coalesce(l.last_full_scrape_at, l.scraped_at),
       listing_status = {_LISTING_STATUS},
       status = {_STATUS},
       public_id = {_KEPT_OR_FOUND}
  FROM (SELECT l.id, {_PUBLIC_ID} AS public_id
          FROM properties_live l
         CROSS JOIN LATERAL (SELECT number, number / 10000 AS high
                               FROM (SELECT {_NUMBER} AS number) found) n
         WHERE /* rows */ AND l.visits = 0) ids
 WHERE l.id = ids.id
   AND (l.last_manifest_seen_at IS NULL AND l.last_seen_at IS NOT NULL
        OR l.last_full_scrape_at IS NULL AND l.scraped_at IS NOT NULL
        OR l.listing_status <> {_LISTING_STATUS}
        OR l.status <> {_STATUS}
        OR l.public_id IS DISTINCT FROM {_KEPT_OR_FOUND})
"""
_NEXT_CHUNK = f"""
SELECT max(property_id) FROM (
    SELECT property_id FROM properties_live WHERE property_id > :after
     ORDER BY property_id LIMIT {_CHUNK}) chunk
"""

# The id that a row's URL computes to, whatever host, language or form it has.
_COMPUTED = """
    SELECT l.property_id, l.source_url, l.last_seen_at, l.public_id,
           'pincali_' || left(md5('https://www.pincali.com/en/home/' || slug), 16) AS computed_id
      FROM properties_live l
     CROSS JOIN LATERAL (
           SELECT (regexp_match(lower(regexp_replace(l.source_url, '[?#].*$', '')),
                   '/(home|imovel|inmueble)/([^/?#%[:space:]]+)/?$'))[2] AS slug) parts
     WHERE slug IS NOT NULL
"""
# Where two rows compete for one form, the one seen last has it; none is merged or deleted.
_ALIASES = f"""
INSERT INTO property_aliases (alias, property_id, source_url)
SELECT DISTINCT ON (computed_id) computed_id, property_id, source_url
  FROM ({_COMPUTED}) c
 WHERE computed_id <> property_id
   AND NOT EXISTS (SELECT 1 FROM properties_live own WHERE own.property_id = c.computed_id)
 ORDER BY computed_id, last_seen_at DESC NULLS LAST, property_id
ON CONFLICT (alias) DO NOTHING
"""
# The others wait for a person, as do two rows with one EasyBroker id.
_DOUBLES = f"""
INSERT INTO identity_candidates
       (property_id, earlier_property_id, metres, title_similarity, price_ratio)
SELECT property_id, winner, 0, 100, 1 FROM (
    SELECT property_id, first_value(property_id) OVER (
               PARTITION BY computed_id
               ORDER BY property_id = computed_id DESC, last_seen_at DESC NULLS LAST, property_id
           ) AS winner
      FROM ({_COMPUTED}) c
    UNION
    SELECT property_id, first_value(property_id) OVER (
               PARTITION BY public_id ORDER BY last_seen_at DESC NULLS LAST, property_id)
      FROM properties_live WHERE public_id IS NOT NULL
) pairs
 WHERE property_id <> winner
ON CONFLICT (property_id, earlier_property_id) DO NOTHING
"""


def upgrade() -> None:
    if context.is_offline_mode():
        op.execute(_BACKFILL.replace("/* rows */", "true"))
    else:
        _backfill_in_chunks()
    be_patient()
    op.execute(_ALIASES)
    op.execute(_DOUBLES)


def _backfill_in_chunks() -> None:
    statement = text(
        _BACKFILL.replace("/* rows */", "l.property_id > :after AND l.property_id <= :until")
    )
    with op.get_context().autocommit_block():
        connection, after = op.get_bind(), ""
        while until := connection.execute(text(_NEXT_CHUNK), {"after": after}).scalar():
            connection.execute(statement, {"after": after, "until": until})
            after = until


def downgrade() -> None:
    """What was filled in stays: the columns and tables that hold it go with their migrations."""
