"""A fault that begins in the middle of a job removes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle

import pytest

from pincali_sync.config import load_config
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.domain.identity import slug_of
from pincali_sync.domain.liveness import NO_CALIBRATION, Calibration, Verdict
from pincali_sync.exceptions import BlockedError, CalibrationError
from pincali_sync.items import FetchedPage, QueuedProperty
from pincali_sync.pages.answer import read_answer
from pincali_sync.services.removal.looking import Lookout, read_page
from tests.support.builders import SITE, id_of
from tests.support.clock import FixedClock

NOT_FOUND = FetchedPage(status=404)
UNKNOWN, GONE, ALIVE = Verdict.UNKNOWN, Verdict.GONE, Verdict.ALIVE


def queued(slug: str, public_id: str) -> QueuedProperty:
    return QueuedProperty(
        property_id=id_of(slug), source_url=f"{SITE}/en/home/{slug}", public_id=public_id
    )


KNOWN = [queued(f"known-{n}", f"EB-KN000{n}") for n in range(3)]
MISSING = [queued(f"missing-{n}", f"EB-MI00{n:02}") for n in range(60)]
IDS = {slug_of(each.source_url): each.public_id for each in (*KNOWN, *MISSING)}


def shown(slug: str, public_id: str | None = None) -> FetchedPage:
    body = f"""<html><head><title>Casa | Pincali</title></head><body>
        <div class="listing-id"><span>ID: {public_id or IDS[slug]}</span></div>
        <div class="listing__intro"><h1 class="property-title">Casa</h1></div></body></html>"""
    return FetchedPage(status=200, body=body.encode())


@dataclass
class Site:
    """Shows `there` and answers 404 to all else, until the request that `faults` begin with."""

    there: set[str] = field(default_factory=lambda: {slug_of(each.source_url) for each in KNOWN})
    healthy: int = 1_000
    fault: Callable[[str], FetchedPage] = lambda _: NOT_FOUND
    asked: list[str] = field(default_factory=list)

    async def get(self, url: str) -> FetchedPage:
        slug = slug_of(url)
        self.asked.append(slug)
        if len(self.asked) > self.healthy:
            return self.fault(slug)
        return shown(slug) if slug in self.there else NOT_FOUND

    @property
    def canaries(self) -> int:
        return sum(slug.startswith("known") for slug in self.asked)


@dataclass
class Look:
    results: list[VerificationResult] = field(default_factory=list)
    error: Exception | None = None

    def count(self, verdict: Verdict) -> int:
        return sum(each.judgement.verdict is verdict for each in self.results)


async def look(
    site: Site, missing: Sequence[QueuedProperty], known: Sequence[QueuedProperty] = KNOWN
) -> Look:
    waiting, seen = list(missing), Look()

    async def claim() -> list[QueuedProperty]:
        taken, waiting[:] = waiting[:8], waiting[8:]
        return taken

    config, read = load_config(pincali_base_url=SITE), partial(read_page, site)
    lookout = Lookout(config, FixedClock(), read, cycle(known))
    try:
        async for results in lookout.look(claim):
            seen.results += results
    except (CalibrationError, BlockedError) as error:
        seen.error = error
    return seen


async def test_what_is_gone_is_gone_once_a_listing_that_is_there_was_shown_after_it() -> None:
    site = Site()
    seen = await look(site, MISSING[:10])
    assert (seen.count(GONE), seen.error) == (10, None)
    assert site.asked[2].startswith("known")
    assert site.asked[-1].startswith("known")
    assert site.canaries == 2


async def test_many_pages_share_one_look_at_a_listing_that_is_there() -> None:
    site = Site()
    assert (await look(site, MISSING)).count(GONE) == 60
    assert site.canaries == 4


async def test_nothing_is_asked_again_where_nothing_would_be_removed() -> None:
    site = Site()
    site.there |= {slug_of(each.source_url) for each in MISSING[:10]}
    assert (await look(site, MISSING[:10])).count(ALIVE) == 10
    assert site.canaries == 1


async def test_no_page_is_asked_for_without_work() -> None:
    site = Site()
    assert (await look(site, [])).results == []
    assert site.asked == []


@pytest.mark.parametrize(
    "fault",
    [
        lambda _: NOT_FOUND,
        lambda _: FetchedPage(status=410),
        lambda _: FetchedPage(status=422),
        lambda _: FetchedPage(status=302, headers={"location": "/"}),
        lambda _: FetchedPage(status=301, headers={"location": "/en/properties"}),
        lambda _: shown("", "EB-OT0007"),
        lambda _: FetchedPage(
            status=200,
            body=b"<html><title>Pincali</title><h1>This listing is no longer available</h1></html>",
        ),
    ],
)
@pytest.mark.parametrize("healthy", [3, 7, 20])
async def test_a_fault_after_calibration_removes_nothing(
    fault: Callable[[str], FetchedPage], healthy: int
) -> None:
    site = Site(healthy=healthy, fault=fault)
    seen = await look(site, MISSING)
    assert isinstance(seen.error, CalibrationError)
    assert (seen.count(GONE), seen.count(UNKNOWN)) == (0, 24)
    assert len(site.asked) < 40
    [evidence, *_] = {each.judgement.evidence for each in seen.results}
    assert "but then a listing that should be there is not shown (EB-KN000" in evidence
    assert all(each.judgement.may_change for each in seen.results)


async def test_what_was_proven_before_a_fault_stays_proven() -> None:
    seen = await look(Site(healthy=3 + 24 + 1 + 10), MISSING)
    assert isinstance(seen.error, CalibrationError)
    assert (seen.count(GONE), seen.count(UNKNOWN)) == (24, 24)


async def test_pages_that_show_their_listings_prove_it_whatever_comes_after() -> None:
    site = Site(healthy=3 + 4)
    site.there |= {slug_of(each.source_url) for each in MISSING[:4]}
    seen = await look(site, MISSING)
    assert (seen.count(ALIVE), seen.count(GONE)) == (4, 0)


async def test_one_listing_that_is_gone_since_it_was_seen_is_no_fault_of_the_site() -> None:
    site = Site()
    site.there.remove("known-0")
    assert (await look(site, MISSING[:10])).count(GONE) == 10
    assert site.canaries == 8  # both times it is asked twice, and two others must be shown


@pytest.mark.parametrize("fault", [NOT_FOUND, FetchedPage(status=302, headers={"location": "/"})])
async def test_a_listing_that_comes_and_goes_is_a_fault_of_the_site(fault: FetchedPage) -> None:
    site = Site()
    flaps = iter([True, False])

    async def get(url: str) -> FetchedPage:
        answer = await Site.get(site, url)
        is_after_all = len(site.asked) > 12 and slug_of(url).startswith("known")
        return fault if is_after_all and next(flaps, False) else answer

    site.get = get  # type: ignore[method-assign]
    seen = await look(site, MISSING[:10])
    assert "is shown at times only" in str(seen.error)
    assert (seen.count(GONE), seen.count(UNKNOWN)) == (0, 10)


async def test_an_error_that_passes_is_no_fault() -> None:
    site = Site()
    errors = iter([True, False])

    async def get(url: str) -> FetchedPage:
        answer = await Site.get(site, url)
        is_after_all = len(site.asked) > 12 and slug_of(url).startswith("known")
        return FetchedPage(status=503) if is_after_all and next(errors, False) else answer

    site.get = get  # type: ignore[method-assign]
    assert (await look(site, MISSING[:10])).count(GONE) == 10


async def test_most_of_what_should_be_there_must_be_shown() -> None:
    site = Site(there={"known-0"})
    assert isinstance((await look(site, MISSING[:10], KNOWN[1:])).error, CalibrationError)
    seen = await look(Site(), MISSING[:10], [])
    assert "no listing was seen lately" in str(seen.error)


async def test_a_refusal_in_the_middle_leaves_what_removes_nothing() -> None:
    def refuse(_: str) -> FetchedPage:
        raise BlockedError("captcha")

    for healthy in (3 + 12, 3 + 24):
        site = Site(healthy=healthy, fault=refuse)
        site.there |= {slug_of(each.source_url) for each in MISSING[:4]}
        seen = await look(site, MISSING)
        assert isinstance(seen.error, BlockedError)
        assert (seen.count(ALIVE), len(seen.results)) == (4, 4)


HOUSE = queued("missing-7", "EB-MI0007")


@dataclass
class LedOn:
    """Leads from each address to the next; the last one shows what there is."""

    ways: dict[str, str]
    last: FetchedPage
    asked: list[str] = field(default_factory=list)

    async def get(self, url: str) -> FetchedPage:
        assert url.startswith(SITE)
        path = url.removeprefix(SITE)
        self.asked.append(path)
        if path in self.ways:
            return FetchedPage(status=302, headers={"location": self.ways[path]})
        return self.last


async def verdict_of(site: LedOn, calibration: Calibration = NO_CALIBRATION) -> VerificationResult:
    config, read = load_config(pincali_base_url=SITE), partial(read_page, site)
    return await Lookout(config, FixedClock(), read, cycle(KNOWN)).verify(HOUSE, calibration)


@pytest.mark.parametrize(
    "target",
    [
        "/en/home/missing-7?utm_source=share",
        "/inmueble/missing-7",
        "/inmobiliarios/una-agencia/inmueble/missing-7",
        "/en/home/a-new-slug",
    ],
)
async def test_a_redirect_of_a_listings_page_is_followed_to_where_it_leads(target: str) -> None:
    site = LedOn({"/en/home/missing-7": target}, shown("missing-7"))
    seen = await verdict_of(site)
    assert (seen.judgement.verdict, seen.scraped is None) == (ALIVE, False)
    assert site.asked == ["/en/home/missing-7", target]
    gone = await verdict_of(LedOn({"/en/home/missing-7": target}, NOT_FOUND))
    assert (gone.judgement.verdict, gone.answer.url) == (GONE, HOUSE.source_url)


async def test_a_redirect_that_leads_back_is_asked_for_once_and_says_where_it_leads() -> None:
    site = LedOn({"/en/home/missing-7": "/en/home/missing-7#top"}, NOT_FOUND)
    seen = await verdict_of(site)
    assert (seen.judgement.verdict, len(site.asked)) == (UNKNOWN, 1)
    assert seen.judgement.evidence == f"HTTP 302 to {SITE}/en/home/missing-7#top"


async def test_redirects_without_end_prove_nothing_though_urls_that_never_existed_get_them() -> (
    None
):
    ways = {f"/en/home/missing-7{a}": f"/en/home/missing-7{b}" for a, b in
            (("", "?1"), ("?1", "?2"), ("?2", "?3"))}  # fmt: skip
    invented = f"{SITE}/en/home/no-tal-1"
    led = read_answer(invented, 302, {"location": "/en/home/no-tal-1?1"}, b"").answer
    site = LedOn(ways, NOT_FOUND)
    assert (await verdict_of(site, Calibration.of([led]))).judgement.verdict is UNKNOWN
    assert site.asked == ["/en/home/missing-7", "/en/home/missing-7?1", "/en/home/missing-7?2"]


async def test_urls_that_never_existed_are_followed_as_far_as_listings() -> None:
    plain, absent = Site(), FetchedPage(status=422, body=b"<title>Pincali</title><p>Rejected.")

    class Everywhere:
        async def get(self, url: str) -> FetchedPage:
            if "?v=2" not in url:
                return FetchedPage(status=302, headers={"location": f"{url}?v=2"})
            answer = await plain.get(url)
            return absent if answer.status == 404 else answer

    read = partial(read_page, Everywhere())
    lookout = Lookout(load_config(pincali_base_url=SITE), FixedClock(), read, cycle(KNOWN))
    calibration = await lookout.calibrate()
    [said] = calibration.absent_signatures
    assert said.startswith("422 ")
    assert (await lookout.verify(HOUSE, calibration)).judgement.verdict is GONE
