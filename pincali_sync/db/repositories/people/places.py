"""Where people may be named, table by table: what to look for there, and what to do about it.

A text keeps its words; whoever is named in it, or can be reached by it, is taken out. Parameters:
`:phone`, `:email` and `:person`, patterns; `:gone`, what stands in their place; `:now`; `:before`,
the term; `:listings`, records that a person publishes or published.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from pincali_sync.db.models.journal import OF_AGENT
from pincali_sync.db.models.listings import NAMES_AGENT
from pincali_sync.db.repositories.removal.transition import REMOVED

_AGENT = ("agent_name", "agent_phone", "agent_email")
PUBLISHER = (*_AGENT, "agency_name")
_TEXTS = ("title", "title_original", "description")
# Columns of a listing that may name people.
NAMING = f"ARRAY[{', '.join(repr(column) for column in (*PUBLISHER, *_TEXTS))}]"
_SCALARS = {"old_value": "old_value #>> '{}'", "new_value": "new_value #>> '{}'"}
# As text, JSON has two letters for a line break: nobody would be found behind it, or across it.
_ESCAPES = r"""'\\(["\\/bfnrt]|u[0-9a-f]{4})'"""
_READABLE = [
    f"CASE WHEN jsonb_typeof({column}) IN ('object', 'array')"
    f" THEN regexp_replace({scalar}, {_ESCAPES}, ' ', 'g') ELSE {scalar} END"
    for column, scalar in _SCALARS.items()
]
# Names of more than one word, as patterns: a page's own agent; whoever publishes or published a
# listing, as far as is known.
_AS_PATTERN = r"regexp_replace({name}, '(\W)', '\\\1', 'g')"
_ITS_AGENT = f"CASE WHEN agent_name LIKE '% %' THEN {_AS_PATTERN.format(name='agent_name')} END"
_ITS_AGENTS = f"""(
    SELECT string_agg(DISTINCT {_AS_PATTERN.format(name="name")}, '|')
      FROM (SELECT l.agent_name FROM properties_live l WHERE l.property_id = t.property_id
            UNION ALL
            SELECT unnest(ARRAY[j.old_value #>> '{{}}', j.new_value #>> '{{}}'])
              FROM property_changes j
             WHERE j.property_id = t.property_id AND j.field_name = 'agent_name') known (name)
     WHERE name LIKE '% %')"""


# A row that was merged into another, as older versions kept it: with what names people.
_MERGED = f"""field_name = 'property_id' AND jsonb_typeof(old_value) = 'object'
        AND old_value ?| {NAMING}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A table, with conditions and changes in SQL."""

    table: str
    key: str = "id"  # the order in which its rows are gone through, and locked
    of_agents: str = "false"  # rows that hold agents' data; there is an index of them
    past_term: str = "true"  # of those, the ones to be cleared when the term is over
    in_texts: str = "false"  # rows whose texts tell how to reach somebody
    clear: str = ""
    of_person: str
    take_out: str


def _words(columns: Sequence[str]) -> str:
    return ", ".join(f"'{column}'" for column in columns)


def _together(columns: Sequence[str]) -> str:
    """Texts as one, too far apart for anything to be found across two of them."""
    return f"concat_ws(repeat(chr(10), 9), {', '.join(columns)})"


PUBLISHES = f"{_together(PUBLISHER)} ~ :person"  # that a row's publisher is the person


def _without(pattern: str, text: str) -> str:
    return f"regexp_replace({text}, {pattern}, :gone, 'gi')"


def without_contacts(text: str) -> str:
    """A text without telephone numbers and addresses of e-mail."""
    # One pattern for both takes PostgreSQL several times as long as the two.
    return _without(":phone", _without(":email", text))


def _has_contacts(text: str) -> str:
    return f"({text} ~ :phone OR {text} ~ :email)"


def _without_agent(text: str, names: str) -> str:
    """A text without contacts and these names, which may be none."""
    return without_contacts(f"coalesce({_without(names, text)}, {text})")


def _nothing_where(condition: str, columns: Sequence[str]) -> list[str]:
    return [f"{each} = CASE WHEN {condition} THEN NULL ELSE {each} END" for each in columns]


def _detail_pages(table: str, key: str, past_term: str, texts: Sequence[str], *also: str) -> Place:
    return Place(
        table=table,
        key=key,
        of_agents=NAMES_AGENT,
        past_term=past_term,
        in_texts=_has_contacts(_together(texts)),
        clear=", ".join(
            [
                *(f"{column} = NULL" for column in _AGENT),
                "agency_name = nullif(agency_name, agent_name)",
                *(f"{column} = {_without_agent(column, _ITS_AGENT)}" for column in texts),
                *also,
            ]
        ),
        of_person=f"{_together([*PUBLISHER, *texts])} ~ :person",
        take_out=", ".join(
            [
                *_nothing_where(PUBLISHES, _AGENT),
                *_nothing_where("agency_name ~ :person", ["agency_name"]),
                *(f"{column} = {_without(':person', column)}" for column in texts),
                *also,
            ]
        ),
    )


def _texts(table: str, column: str) -> Place:
    """A table with a text that may quote a page."""
    return Place(
        table=table,
        of_person=f"{column} ~ :person",
        take_out=f"{column} = {_without(':person', column)}",
    )


def _entries(change: Callable[[str], str], condition: str) -> str:
    """Changes both values of a journal entry, or takes both where a condition holds."""
    return ", ".join(
        f"{column} = CASE WHEN {condition} THEN NULL"
        f" WHEN jsonb_typeof({column}) = 'string' THEN to_jsonb({change(scalar)})"
        f" WHEN jsonb_typeof({column}) = 'object' AND {_MERGED} THEN {column} - {NAMING}"
        f" ELSE {column} END"
        for column, scalar in _SCALARS.items()
    )


LIVE = _detail_pages(
    "properties_live",
    "property_id",
    f"listing_status IN {REMOVED} AND coalesce(last_seen_at, created_at) < :before",
    _TEXTS,
    "last_updated_at = :now",  # exports since then have the row as it is now
)
_STAGING = _detail_pages(
    "property_scrapes_staging", "id", "scraped_at < :before", ("title", "description")
)
# The pages of a batch, in the transaction that saves them.
SCRAPED = _detail_pages("scraped", "property_id", "false", _TEXTS)
_BOTH = _together(_READABLE)
_OF_AGENTS = f"{OF_AGENT} AND (old_value IS NOT NULL OR new_value IS NOT NULL)"
_JOURNAL = Place(
    table="property_changes",
    of_agents=_OF_AGENTS,
    past_term="created_at < :before",
    in_texts=f"""field_name IN ({_words([*_TEXTS, "agency_name"])})
        AND ({_has_contacts(_BOTH)} OR {_BOTH} ~* {_ITS_AGENTS})
        OR {_MERGED}""",
    clear=_entries(partial(_without_agent, names=_ITS_AGENTS), OF_AGENT),
    of_person=f"{_BOTH} ~ :person OR {_OF_AGENTS} AND property_id = ANY(:listings)",
    take_out=_entries(
        partial(_without, ":person"),
        f"field_name IN ({_words(PUBLISHER)}) OR jsonb_typeof(coalesce(old_value, new_value))"
        " IN ('object', 'array')",
    ),
)
_CARDS = Place(
    table="property_manifest",
    key="property_id",
    in_texts=f"{_has_contacts('listing_page_title')} OR listing_page_title ~* {_ITS_AGENTS}",
    clear=f"listing_page_title = {_without_agent('listing_page_title', _ITS_AGENTS)}",
    of_person="listing_page_title ~ :person",
    take_out=f"listing_page_title = {_without(':person', 'listing_page_title')}",
)
# The records that a person publishes or published.
LISTINGS = f"""
SELECT property_id FROM properties_live WHERE {PUBLISHES}
 UNION SELECT property_id FROM property_scrapes_staging WHERE {PUBLISHES}
 UNION SELECT property_id FROM property_changes WHERE {OF_AGENT} AND {_BOTH} ~ :person
"""
# Who names agents; who quotes what their pages say; and the pages themselves.
OF_AGENTS = (_JOURNAL, _STAGING, LIVE)
QUOTING = (_JOURNAL, _CARDS)
OF_PAGES = (_STAGING, LIVE)
PLACES = (
    *(_JOURNAL, _CARDS, _STAGING, LIVE),
    _texts("removal_checks", "evidence"),
    _texts("scraping_errors", "error_message"),
    _texts("scrape_queue", "last_error"),
)
# Entries that are known to be the person's by others of their listing, such as a number by the name
# beside it, go before those: whoever stopped half-way finds the rest again.
_KNOWN_BY_OTHERS = replace(
    _JOURNAL,
    of_person=f"{_OF_AGENTS} AND property_id = ANY(:listings) AND NOT {_BOTH} ~ :person",
)
TAKEN_OUT = (_KNOWN_BY_OTHERS, *PLACES)

_CHANGE = """
WITH chunk AS MATERIALIZED (
    SELECT id, {key} AS key FROM {table} t
     WHERE {key} > CAST(:after AS {kind}) AND ({condition}) ORDER BY {key} LIMIT :size FOR UPDATE
), changed AS (
    UPDATE {table} t SET {changes} FROM chunk WHERE t.id = chunk.id
)
SELECT count(*) AS rows, (SELECT key FROM chunk ORDER BY key DESC LIMIT 1)::text AS last FROM chunk
"""


def statement(place: Place, condition: str, changes: str) -> str:
    """Changes the next rows of a place, in its order."""
    return _CHANGE.format(
        table=place.table,
        key=place.key,
        kind="uuid" if place.key == "id" else "text",
        condition=condition,
        changes=changes,
    )
