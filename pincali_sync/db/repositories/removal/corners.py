"""Who may be in a corner that a certified scan could not look into: see `domain.corners`.

What is known of a record is what its card shows, else its own page: what an adopter stored is in
words of several languages, and some of it in the wrong column.
"""

from __future__ import annotations

from collections.abc import Iterable

from pincali_sync.db.repositories.removal.transition import PRESENT
from pincali_sync.domain.listing_query import PROPERTY_TYPES, STATES

_ACCENTED = "áàâäãåéèêëíìîïóòôöõúùûüñçÁÀÂÄÃÅÉÈÊËÍÌÎÏÓÒÔÖÕÚÙÛÜÑÇ"
_PLAIN = "aaaaaaeeeeiiiiooooouuuunc" * 2


def _known(column: str, *, on_card: bool = True) -> str:
    """What a card or a page of the site said."""
    of_page = f"CASE WHEN page.visits > 0 THEN page.{column} END"
    return f"coalesce(card.{column}, {of_page})" if on_card else of_page


def _slug(name: str) -> str:
    """A name as paths write it."""
    letters = f"translate(lower({name}), '{_ACCENTED}', '{_PLAIN}')"
    ascii_only = f"regexp_replace({letters}, '[^[:ascii:]]', '', 'g')"
    return f"trim(BOTH '-' FROM regexp_replace({ascii_only}, '[^a-z0-9]+', '-', 'g'))"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{each}'" for each in words)


_OTHER_TYPE = f"its.type IN ({_listed(PROPERTY_TYPES.values())}) AND its.type <> h.property_type"
_OTHER_STATE = f"its.state IN ({_listed(STATES)}) AND its.state <> h.state"
# A city called as the corner's state may be meant for that.
_OTHER_CITY = """its.city NOT IN ('', coalesce(h.state, ''))
             AND position('-' || its.city || '-' IN '-' || h.within || '-') = 0"""
_ITS_COLONIA = "left(h.within, -1 - length(its.city))"
_OTHER_COLONIA = f"""h.within LIKE '%-' || its.city AND its.colonia <> ''
             AND position({_ITS_COLONIA} IN its.colonia) = 0
             AND position(its.colonia IN {_ITS_COLONIA}) = 0"""


def may_be_in(corners: str) -> str:
    """An expression for whether a live row `l`, with its manifest row `m`, may be in a corner.

    Its facts are looked up only where there are corners: a million rows are joined without them.

    Args:
        corners: an expression for the corners as JSON; where they name a source, only those of the
            record's count. NULL or empty: there are none.
    """
    return f"""EXISTS (
          SELECT FROM (
                 SELECT {_known("property_type")} AS type,
                        {_slug(_known("state", on_card=False))} AS state,
                        {_slug(_known("city"))} AS city,
                        {_slug(_known("neighborhood"))} AS colonia
                   FROM properties_live page
                   LEFT JOIN property_manifest card ON card.property_id = page.property_id
                  WHERE page.property_id = l.property_id AND {corners} <> '[]' OFFSET 0) its
           CROSS JOIN jsonb_to_recordset({corners})
                      AS h (source text, property_type text, state text, within text)
           WHERE (h.source IS NULL OR coalesce(m.sources, '{{}}') = '{{}}'
                  OR h.source = ANY (m.sources))
             AND ({_OTHER_TYPE}) IS NOT TRUE
             AND ({_OTHER_STATE}) IS NOT TRUE
             AND ({_OTHER_CITY}) IS NOT TRUE
             AND ({_OTHER_COLONIA}) IS NOT TRUE)"""


# By source with corners, the share of its listings that are in none for certain. Each is looked at
# by itself: so of so many drawn.
_SAMPLE = 50_000
_PERCENT = f"""(SELECT least(100, 100.0 * {_SAMPLE} / greatest(reltuples, 1)) FROM pg_class
                 WHERE oid = CAST('property_manifest' AS regclass))"""
COVERED = f"""
SELECT c.source,
       (count(*) FILTER (WHERE NOT {may_be_in("c.holes")}))::float8 / count(*) AS covered
  FROM scan_certificates c
  JOIN property_manifest m TABLESAMPLE SYSTEM ({_PERCENT}) REPEATABLE (0)
       ON c.source = ANY (m.sources)
  JOIN properties_live l ON l.property_id = m.property_id AND l.listing_status IN {PRESENT}
 WHERE c.session_id = CAST(:session_id AS uuid) AND c.holes <> '[]'
 GROUP BY c.source
"""
