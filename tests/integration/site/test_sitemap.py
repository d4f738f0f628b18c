"""The sitemap proves presence; that something is missing only where an earlier one had it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.site.sitemap import NEWCOMERS, SitemapPass
from pincali_sync.exceptions import PageError, SupersededError
from pincali_sync.items import FetchedShard
from pincali_sync.services.runs.job_service import JobTicket
from tests.support.builders import (
    SITE,
    Workshop,
    add_live,
    detail,
    entry,
    id_of,
    page,
    rows,
    seen_at,
    value,
)
from tests.support.clock import FixedClock
from tests.support.scans import full_scan
from tests.unit.pages.test_sitemap_page import shard

SHARD = "https://cdn.invalid/properties.xml.gz"


def urls(*slugs: str) -> bytes:
    return shard(*(f"{SITE}/inmueble/{slug}" for slug in slugs))


async def begin(services: Services, *, shards: int = 1) -> JobTicket:
    ticket = await services.jobs.begin(uuid4(), spider="sitemap", source=None)
    await services.sitemap.begin(ticket, shards=shards)
    return ticket


async def read(
    services: Services, *slugs: str, shards: int = 1, dated_at: datetime | None = None
) -> SitemapPass:
    """A pass over one shard with these listings; its removals are counted."""
    ticket = await begin(services, shards=shards)
    body = urls(*slugs) if slugs else None
    await services.sitemap.record_shard(
        FetchedShard(url=SHARD, body=body, dated_at=dated_at), ticket
    )
    ended = await services.sitemap.finish(ticket)
    assert ended is not None
    await services.diff.detect_removed_properties(ticket.session_id)
    return ended


async def counts(db: Database) -> dict[str, int]:
    found = await rows(db, "SELECT property_id, consecutive_missing_count FROM properties_live")
    return {row["property_id"]: row["consecutive_missing_count"] for row in found}


async def add_three(db: Database) -> None:
    for slug in ("casa-1", "casa-2", "casa-3"):
        await add_live(db, slug, visits=1)


async def test_what_only_the_sitemap_knows_is_queued_after_what_pages_showed(
    services: Services, shop: Workshop, db: Database
) -> None:
    ended = await read(services, "casa-1", "casa-2")
    await shop.scan(page(entry("casa-9")))
    assert (ended.urls, ended.new_urls, ended.is_complete) == (2, 2, True)
    await services.queue.top_up()
    queued = await rows(
        db, "SELECT property_id, priority, queue_reason FROM scrape_queue ORDER BY priority"
    )
    assert queued[0]["property_id"] == id_of("casa-9")
    assert [(row["priority"], row["queue_reason"]) for row in queued[1:]] == [(3, "sitemap")] * 2


async def test_presence_is_a_sighting_as_old_as_the_sitemap(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(page(entry("casa-1")))
    scanned_at = clock.now()
    clock.advance(days=2)
    yesterday = clock.now()
    clock.advance(days=1)
    await read(services, "casa-1", dated_at=yesterday)
    assert await seen_at(db, id_of("casa-1")) == yesterday
    await read(services, "casa-1", dated_at=scanned_at)
    assert await seen_at(db, id_of("casa-1")) == yesterday


@pytest.mark.parametrize(
    "order",
    [each for each in permutations(["sitemap", "cards", "pages"]) if each[0] != "pages"],
)
async def test_a_run_counts_a_newcomer_once_whoever_shows_it_first(
    services: Services, shop: Workshop, db: Database, clock: FixedClock, order: Sequence[str]
) -> None:
    await shop.scan(entry("known", public_id="EB-QA0001"))
    await shop.visit(detail("known", public_id="EB-QA0001"))
    await add_live(db, "adopted", price=2_000_000, visits=1)
    clock.advance(days=1)
    both = await begin(services)
    another = await shop.begin()  # a run beside it
    cards = [entry(slug) for slug in ("known", "adopted", "on-both", "on-a-page")]
    listed = urls("known", "adopted", "on-both", "renamed", "on-the-sitemap")
    since_yesterday = FetchedShard(url=SHARD, body=listed, dated_at=clock.now() - timedelta(days=1))
    for step in order:
        if step == "sitemap":
            await services.sitemap.record_shard(since_yesterday, both)
        elif step == "cards":
            await shop.scan(*cards, ticket=both)
            assert (await shop.scan(*cards, ticket=another)).new_properties == 0
        else:
            found = await rows(db, "SELECT source_url FROM property_manifest WHERE is_new")
            for slug in (each["source_url"].rpartition("/")[2] for each in found):
                shown = {"public_id": "EB-QA0001"} if slug == "renamed" else {"price": 9_000_000}
                await shop.visit(detail(slug, **shown))
    await shop.visit(detail("renamed", public_id="EB-QA0001"))
    counted = await rows(
        db,
        "SELECT sum(new_entries) AS new, sum(changed_entries) AS changed FROM manifest_pages"
        " WHERE session_id = :id",
        id=both.session_id,
    )
    assert counted == [{"new": 2, "changed": 0}]
    assert await db.run(lambda tx: tx.sitemap.newcomers(both.session_id)) == 1
    assert await db.run(lambda tx: tx.sitemap.newcomers(another.session_id)) == 0


async def test_what_a_pass_brought_is_found_by_index(services: Services, db: Database) -> None:
    await read(services, "casa-1")
    await rows(
        db,
        """INSERT INTO sitemap_urls
                  (computed_id, source_url, first_listed_at, listed_at, session_id)
           SELECT 'pincali_' || n, n, now(), now(), gen_random_uuid()
             FROM generate_series(1, 5000) AS n""",
    )
    await rows(db, "ANALYZE sitemap_urls")
    plan = await rows(db, f"EXPLAIN {NEWCOMERS}", session_id=uuid4())
    text = "\n".join(line for row in plan for line in row.values())
    assert "idx_sitemap_urls_session" in text


async def test_an_alias_stands_for_its_record(services: Services, db: Database) -> None:
    await add_live(db, "casa-1", visits=1)
    await rows(
        db,
        "INSERT INTO property_aliases (alias, property_id) VALUES (:alias, :property_id)",
        alias=id_of("casa-1-nueva"),
        property_id=id_of("casa-1"),
    )
    ended = await read(services, "casa-1-nueva")
    assert ended.new_urls == 1  # in the manifest
    assert await rows(db, "SELECT property_id, is_new FROM property_manifest") == [
        {"property_id": id_of("casa-1"), "is_new": False}
    ]


async def test_a_slug_that_was_taken_over_is_the_newcomers(
    services: Services, db: Database, clock: FixedClock
) -> None:
    """The old listing's own id is then another form of the newcomer's."""
    await add_live(db, "casa-1", visits=1, public_id="EB-AA0001")
    await read(services, "casa-1")
    listed_at = clock.now()
    await rows(
        db,
        "INSERT INTO property_aliases (alias, property_id) VALUES (:alias, 'pincali_newcomer')",
        alias=id_of("casa-1"),
    )
    await rows(
        db,
        "INSERT INTO property_manifest (property_id, source_url, last_seen_at)"
        " VALUES ('pincali_newcomer', 'x', :now)",
        now=listed_at,
    )
    clock.advance(days=1)
    await read(services, "casa-1")
    assert await seen_at(db, id_of("casa-1")) == listed_at
    assert await seen_at(db, "pincali_newcomer") == clock.now()


FORMS = [
    *("https://www.pincali.com/en/home/casa-1", "http://pincali.com/inmueble/casa-1/"),
    *("https://www.pincali.com/pt/imovel/CASA-1?x=1", "//pincali.com/inmueble/casa%2D1"),
    "https://www.pincali.com/inmobiliarios/agente-1/inmueble/casa-1",
]


async def test_hosts_languages_and_spellings_of_one_slug_are_one(
    services: Services, db: Database
) -> None:
    ticket = await begin(services)
    await services.sitemap.record_shard(FetchedShard(url=SHARD, body=shard(*FORMS)), ticket)
    ended = await services.sitemap.finish(ticket)
    assert ended is not None
    assert (ended.urls, ended.new_urls) == (1, 1)
    assert await value(db, "SELECT source_url FROM sitemap_urls") == f"{SITE}/en/home/casa-1"


async def test_the_first_sitemap_proves_no_absence(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await add_three(db)
    await read(services, "casa-1")
    clock.advance(days=1)
    await read(services, "casa-1")
    assert set((await counts(db)).values()) == {0}


async def test_what_a_complete_sitemap_dropped_is_missing_once_a_pass(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await add_three(db)
    many = [f"casa-{n}" for n in range(1, 41)]
    await read(services, *many)
    for times in (1, 2):
        clock.advance(days=1)
        ended = await read(services, *many[1:])
        await services.diff.detect_removed_properties(ended.session_id)
        assert (await counts(db))[id_of("casa-1")] == times
    assert (await counts(db))[id_of("casa-2")] == 0
    status = "SELECT listing_status FROM properties_live WHERE property_id = :id"
    assert await value(db, status, id=id_of("casa-1")) == "likely_removed"


async def test_what_was_seen_since_the_sitemap_lacked_it_is_not_missing(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_three(db)
    many = [f"casa-{n}" for n in range(1, 41)]
    await read(services, *many)
    clock.advance(days=1)
    await read(services, *many[1:])
    clock.advance(hours=1)
    await shop.scan(page(entry("casa-1")))  # alive all the same
    for _ in range(3):
        clock.advance(days=1)
        await read(services, *many[1:])
    assert (await counts(db))[id_of("casa-1")] == 0


async def test_an_incomplete_or_shrunken_sitemap_proves_no_absence(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await add_three(db)
    many = [f"casa-{n}" for n in range(1, 41)]
    await read(services, *many)
    clock.advance(days=1)
    halved = await read(services, *many[20:])
    clock.advance(days=1)
    partial = await read(services, *many[1:], shards=2)
    assert halved.reasons == ["20 URLs, the last complete sitemap had 40"]
    assert partial.reasons == ["1 of 2 shards read"]
    assert set((await counts(db)).values()) == {0}


async def passed(services: Services, shards: dict[str, bytes]) -> SitemapPass:
    """A pass over these shards."""
    ticket = await begin(services, shards=len(shards))
    for name, body in shards.items():
        found = FetchedShard(url=f"https://cdn.invalid/{name}", body=body, etag='"1"')
        await services.sitemap.record_shard(found, ticket)
    ended = await services.sitemap.finish(ticket)
    assert ended is not None
    return ended


MANY = [f"casa-{n}" for n in range(100)]
WHOLE = {"properties.xml": urls(*MANY[:96]), "properties1.xml": urls(*MANY[96:])}


@pytest.mark.parametrize(
    ("shards", "reason"),
    [
        ({"properties1.xml": urls()}, "shard https://cdn.invalid/properties1.xml lists no listing"),
        ({"properties1.xml": urls("casa-99")}, "lists 1 listings, it had 4"),
        (
            {"properties1.xml": urls(*MANY[96:], *[f"../agente-{n}" for n in range(5)])},
            "has 5 entries that are no listing's, and 4 that are",
        ),
    ],
)
async def test_a_doubtful_shard_proves_presence_but_no_absence(
    services: Services, db: Database, clock: FixedClock, shards: dict[str, bytes], reason: str
) -> None:
    await passed(services, WHOLE)
    clock.advance(days=1)
    ended = await passed(services, {**WHOLE, **shards})
    assert not ended.is_complete
    assert len(ended.reasons) == 1
    assert ended.reasons[0].endswith(reason)
    kept = await rows(db, "SELECT etag FROM sitemap_shards ORDER BY length(url)")
    assert [row["etag"] for row in kept] == ['"1"', None]  # it is asked for again as a whole
    assert await seen_at(db, id_of("casa-0")) == clock.now()
    clock.advance(days=1)
    assert (await passed(services, WHOLE)).is_complete


DOUBTFUL = {"properties1.xml": urls()}
WITHOUT_CASA_0 = {**WHOLE, "properties.xml": urls(*MANY[1:96])}


@pytest.mark.parametrize(
    ("before", "times"),
    [
        # What a complete pass had is dropped, whatever passes read it since.
        ([WHOLE, WHOLE | DOUBTFUL], 1),
        ([WHOLE, WHOLE | DOUBTFUL, WHOLE | DOUBTFUL], 1),
        ([WHOLE | DOUBTFUL, WHOLE, WHOLE | DOUBTFUL, WITHOUT_CASA_0 | DOUBTFUL], 1),
        # No complete pass had it, this time.
        ([WHOLE | DOUBTFUL], 0),
        ([WHOLE | DOUBTFUL, WITHOUT_CASA_0, WHOLE | DOUBTFUL], 0),
        ([WHOLE, WITHOUT_CASA_0, WHOLE | DOUBTFUL], 0),
    ],
)
async def test_what_a_complete_sitemap_had_is_missing_though_an_incomplete_one_came_between(
    services: Services, db: Database, clock: FixedClock, before: list[dict[str, bytes]], times: int
) -> None:
    for each in before:
        ended = await passed(services, each)
        await services.diff.detect_removed_properties(ended.session_id)
        assert ended.is_complete == (each["properties1.xml"] != DOUBTFUL["properties1.xml"])
        clock.advance(days=1)
    await add_live(db, "casa-0", visits=1)
    ended = await passed(services, WITHOUT_CASA_0)
    assert ended.is_complete
    for _ in range(2):
        await services.diff.detect_removed_properties(ended.session_id)
        assert await counts(db) == {id_of("casa-0"): times}


async def test_an_index_that_names_fewer_shards_than_before_is_doubtful_once(
    services: Services, clock: FixedClock
) -> None:
    await passed(services, WHOLE)
    first = {"properties.xml": WHOLE["properties.xml"]}
    for reasons in (["the index names 1 shards, it had 2"], []):
        clock.advance(days=1)
        assert (await passed(services, first)).reasons == reasons


async def test_a_missing_listing_that_the_sitemap_names_starts_from_nothing(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await add_three(db)
    many = [f"casa-{n}" for n in range(1, 41)]
    for listed in (many, many[1:], many[1:], many):
        await read(services, *listed)
        clock.advance(days=1)
    assert (await counts(db))[id_of("casa-1")] == 0
    reasons = await rows(
        db, "SELECT change_reason FROM property_changes WHERE new_value = to_jsonb('active'::text)"
    )
    assert reasons == [{"change_reason": "the sitemap lists it"}]


async def test_a_missing_listing_is_found_listed_also_where_its_time_was_written_down_before(
    services: Services, db: Database, clock: FixedClock
) -> None:
    """By a pass over the same file, after one that broke off."""
    await add_three(db)
    many = [f"casa-{n}" for n in range(1, 41)]
    for listed in (many, many[1:], many[1:]):
        await read(services, *listed)
        clock.advance(days=1)
    broken_off = await begin(services)
    found = FetchedShard(url=SHARD, body=urls(*many), dated_at=clock.now())
    await services.sitemap.record_shard(found, broken_off)
    async with db.transaction() as tx:
        await tx.listed.touch([id_of("casa-1")])
    dated_at = clock.now()
    clock.advance(days=1)
    await read(services, *many, dated_at=dated_at)
    assert (await counts(db))[id_of("casa-1")] == 0


async def test_a_listing_that_pages_miss_and_the_sitemap_names_is_not_missing(
    services: Services, db: Database, clock: FixedClock
) -> None:
    houses = [entry("casa-1"), entry("casa-2")]
    await full_scan(services, {"sale": houses})
    await add_three(db)
    clock.advance(days=7)
    ticket = await begin(services)
    await services.sitemap.record_shard(FetchedShard(url=SHARD, body=urls("casa-1")), ticket)
    await services.sitemap.finish(ticket)
    session_id = await full_scan(services, {"sale": [entry("casa-2")]}, ticket=ticket)
    await services.diff.detect_removed_properties(session_id)
    assert (await counts(db))[id_of("casa-1")] == 0


async def test_an_unchanged_shard_lists_what_it_listed(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await read(services, "casa-1", "casa-2")
    clock.advance(days=1)
    ended = await read(services)  # HTTP 304
    assert (ended.urls, ended.new_urls, ended.is_complete) == (2, 0, True)
    assert await seen_at(db, id_of("casa-1")) == clock.now()


async def test_a_pass_writes_what_came_went_or_moved_and_nothing_else(
    services: Services, db: Database, clock: FixedClock
) -> None:
    """A row's place in its table tells whether it was written."""
    places = "SELECT source_url, ctid::text AS at FROM {} WHERE source_url LIKE '%/casa-%'"

    async def written() -> dict[str, set[str]]:
        found = {}
        for table in ("sitemap_urls", "property_manifest"):
            now = await rows(db, places.format(table))
            found[table] = {f"{row['source_url'].rpartition('/')[2]} {row['at']}" for row in now}
        return found

    await passed(services, WHOLE)
    before = await written()
    clock.advance(days=1)
    moved = {"properties.xml": urls(*MANY[1:97]), "properties1.xml": urls(*MANY[97:], "casa-100")}
    ended = await passed(services, moved)
    after = await written()
    new = {each.partition(" ")[0] for each in after["sitemap_urls"] - before["sitemap_urls"]}
    assert new == {"casa-0", "casa-96", "casa-100"}
    assert {each.partition(" ")[0] for each in after["property_manifest"]} == {*MANY, "casa-100"}
    assert len(after["property_manifest"] - before["property_manifest"]) == 1
    assert (ended.urls, ended.new_urls, ended.is_complete) == (100, 1, True)


async def test_a_listing_that_only_moved_to_another_shard_is_not_missing(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "casa-0", visits=1)
    await passed(services, WHOLE)
    clock.advance(days=1)
    moved = {"properties.xml": urls(*MANY[1:96]), "properties1.xml": urls(*MANY[96:], "casa-0")}
    for _ in range(2):
        ended = await passed(services, moved)
        await services.diff.detect_removed_properties(ended.session_id)
        assert await counts(db) == {id_of("casa-0"): 0}
        clock.advance(days=1)


async def test_a_shard_that_shares_urls_with_another_is_read_as_a_whole(
    services: Services, db: Database, clock: FixedClock
) -> None:
    """Were it unchanged when the other one drops them, they would not be listed."""
    both = {"properties.xml": urls(*MANY[:97]), "properties1.xml": urls(*MANY[96:])}
    await passed(services, both)
    first, second = (f"https://cdn.invalid/{name}" for name in both)
    ticket = await services.jobs.begin(uuid4(), spider="sitemap", source=None)
    assert set(await services.sitemap.begin(ticket, shards=2)) == {second}
    clock.advance(days=1)
    await passed(services, {**both, "properties1.xml": urls(*MANY[97:])})
    assert await seen_at(db, id_of("casa-96")) == clock.now()
    ticket = await services.jobs.begin(uuid4(), spider="sitemap", source=None)
    assert set(await services.sitemap.begin(ticket, shards=2)) == {first, second}


async def test_how_long_a_listing_is_missing_counts_from_when_the_sitemap_listed_it_last(
    services: Services, db: Database, clock: FixedClock
) -> None:
    """Its time is written down when it is counted, whatever was left to the shard until then."""
    await add_live(db, "casa-0", visits=1)
    for _ in range(3):
        await passed(services, WHOLE)
        clock.advance(days=1)
    last = clock.now() - timedelta(days=1)
    without = {"properties.xml": urls(*MANY[1:96]), "properties1.xml": urls(*MANY[96:])}
    ended = await passed(services, without)
    await services.diff.detect_removed_properties(ended.session_id)
    assert await counts(db) == {id_of("casa-0"): 1}
    stored = "SELECT last_seen_at FROM property_manifest WHERE property_id = :id"
    assert await value(db, stored, id=id_of("casa-0")) == last


async def test_what_the_sitemap_alone_shows_for_long_is_written_down_once_a_week(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await read(services, "casa-1", "casa-2")
    for days in (6, 2):
        clock.advance(days=days)
        await read(services, "casa-1", "casa-2")
        await services.retention.clean_up()
        seen = await value(db, "SELECT max(last_seen_at) FROM property_manifest")
        assert (seen == clock.now()) is (days == 2)


async def test_a_broken_shard_leaves_nothing_behind(services: Services, db: Database) -> None:
    ticket = await begin(services)
    broken = FetchedShard(url=SHARD, body=urls("casa-1")[:-12])
    with pytest.raises(PageError, match="cannot be read to its end"):
        await services.sitemap.record_shard(broken, ticket)
    assert await value(db, "SELECT count(*) FROM sitemap_urls") == 0


async def test_a_pass_that_was_given_up_is_refused(
    services: Services, db: Database, clock: FixedClock
) -> None:
    ticket = await begin(services)
    async with db.transaction() as tx:
        await tx.jobs.give_up(ticket.job_id, status="lost", reason="silent", now=clock.now())
    with pytest.raises(SupersededError):
        await services.sitemap.record_shard(FetchedShard(url=SHARD, body=urls("casa-1")), ticket)


async def test_coverage_is_estimated_from_pages_and_sitemap(
    services: Services, db: Database
) -> None:
    ticket = await begin(services)
    listed = [f"casa-{n}" for n in range(88)]
    await services.sitemap.record_shard(FetchedShard(url=SHARD, body=urls(*listed)), ticket)
    await services.sitemap.finish(ticket)
    shown = [entry(f"casa-{n}") for n in range(10, 100)]
    session_id: UUID = await full_scan(services, {"sale": shown}, ticket=ticket)
    async with db.transaction() as tx:
        overlap = await tx.listed.overlap(session_id)
    assert (overlap.on_pages, overlap.listed, overlap.both) == (90, 88, 78)
    assert overlap.estimated_stock == 102  # (91 · 89 / 79) - 1
    assert overlap.page_coverage == pytest.approx(90 / 102)


async def test_what_the_sitemap_has_not_listed_for_long_is_forgotten(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await read(services, "casa-1", "casa-2")
    clock.advance(days=40)
    await read(services, "casa-2")
    clock.advance(days=10)
    await services.retention.clean_up()
    kept = await rows(db, "SELECT source_url FROM sitemap_urls")
    assert kept == [{"source_url": f"{SITE}/en/home/casa-2"}]


async def test_a_page_that_is_the_first_to_show_what_the_sitemap_knew_has_found_something_new(
    services: Services, shop: Workshop, db: Database
) -> None:
    await read(services, "casa-1")
    recorded = await shop.scan(page(entry("casa-1")))
    assert (recorded.new_properties, recorded.queued) == (1, 1)
    again = await shop.scan(page(entry("casa-1")))
    assert again.new_properties == 0
    assert await value(db, "SELECT queue_reason FROM scrape_queue") == "new_property"
