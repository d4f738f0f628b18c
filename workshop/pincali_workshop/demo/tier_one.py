"""The play itself: a first sync, six hours, Tier 1, and the comparison with the truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from pincali_sync.bootstrap import open_services
from pincali_sync.cli.tier_commands import run_tier
from pincali_sync.config import load_config
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import RunnerError
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.ports import JobSpec
from pincali_workshop.demo.compare import Comparison, compare_live, compare_manifest
from pincali_workshop.demo.stage import Stage

# In one go and without a browser: the first sync is only the scenery.
_FIRST_SYNC: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
    ("manifest", {"max_pages": "0"}, {}),
    ("detail", {}, {"DETAIL_TRANSPORT": "http", "DETAIL_CONCURRENCY": "8"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What the site did meanwhile, what Tier 1 made of it, and how true the tables are now."""

    born: int
    price_changed: int
    run: SyncRun
    manifest: Comparison  # all active listings
    new_listings: Comparison  # those born meanwhile, field by field
    repriced: Comparison  # those with a new price, field by field
    all_live: Comparison  # every active listing, field by field
    leads: int  # messages sent to advertisers: never any

    @property
    def is_true(self) -> bool:
        """Whether the run did all that it should, and nothing else."""
        return (
            self.run.status == "completed"
            and self.manifest.is_true
            and self.new_listings.is_true
            and self.repriced.is_true
            and self.leads == 0
        )


async def initial_sync(stage: Stage) -> None:
    """Brings the database in sync with the site as it is.

    Raises:
        RunnerError: when a job fails or the tables are not true afterwards.
    """
    config = load_config()
    runner = LocalJobRunner(config)
    for spider, arguments, settings in _FIRST_SYNC:
        spec = JobSpec(job_id=uuid4(), spider=spider, arguments=arguments, settings=settings)
        if status := await runner.run(spec):
            log = runner.log_of(spec.job_id)
            said = log.read_text(errors="replace").strip().splitlines()[-3:]
            raise RunnerError(f"the {spider} job ended with {status}: {' / '.join(said)}")
    async with open_services(config) as services:
        compared = await compare_live(services.db, stage.site.truth()["listings"])
    if not compared.is_true:
        raise RunnerError(f"the first sync is not true: {compared.differences[:3]}")


async def tier_one_after(stage: Stage, *, hours: float) -> DemoResult:
    """Moves the site's clock on, runs Tier 1 on Scrapyd and compares."""
    before = stage.site.now()
    stage.site.advance(timedelta(hours=hours).total_seconds())
    changes = stage.site.changes_since(before)
    run = await run_tier(Tier.HOT_LISTINGS, quiet=False)
    truth = {each["property_id"]: each for each in stage.site.truth()["listings"]}
    born, repriced = (
        [truth[each["property_id"]] for each in changes[kind] if each["property_id"] in truth]
        for kind in ("born", "price_changed")
    )
    async with open_services(load_config()) as services:
        return DemoResult(
            born=len(born),
            price_changed=len(repriced),
            run=run,
            manifest=await compare_manifest(services.db, list(truth.values())),
            new_listings=await compare_live(services.db, born),
            repriced=await compare_live(services.db, repriced),
            all_live=await compare_live(services.db, list(truth.values())),
            leads=stage.site.leads(),
        )
