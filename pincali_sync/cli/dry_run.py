"""`--dry-run`: what a tier would change, read from the site and written nowhere."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

from pincali_sync.bootstrap import open_services
from pincali_sync.cli.output import print_json, print_table
from pincali_sync.config import Config, load_config
from pincali_sync.domain.tiers import Tier, TierPlan
from pincali_sync.exceptions import BlockedError, ExitStatus, RunnerError
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.services.ports import DRY_RUN_REPORT, JobSpec


async def dry_run(tier: Tier) -> dict[str, Any]:
    """Reads the tier's pages, politely, and reports what they would change.

    The only trace it leaves is its place on the site's timeline.

    Raises:
        BlockedError: when the site refuses us.
        RunnerError: when the pages could not be read.
    """
    config = load_config()
    if tier is Tier.MONTHLY_REFRESH:
        async with open_services(config) as services:
            refreshed = await services.refresh.preview()
        return {"tier": tier.value, "stale": refreshed.stale, "random_sample": refreshed.sample}
    return {"tier": tier.value, **await _preview_scan(config, TierPlan.of(tier, config))}


async def _preview_scan(config: Config, plan: TierPlan) -> dict[str, Any]:
    runner = LocalJobRunner(config)
    with tempfile.TemporaryDirectory(prefix="pincali-dry-run-") as folder:
        report = Path(folder) / "report.json"
        job = JobSpec(
            job_id=uuid4(),
            spider="manifest",
            arguments={"tier": str(plan.tier.value), "max_pages": str(plan.max_pages)},
            settings={
                DRY_RUN_REPORT: str(report),
                "PAGE_DELAY_SECONDS": str(plan.page_delay_seconds),
            },
        )
        status = await runner.run(job)
        if status == ExitStatus.PAUSED_OR_BLOCKED:
            raise BlockedError(f"the site refuses us: see {runner.log_of(job.job_id)}")
        if status or not report.exists():
            raise RunnerError(f"the dry run failed: see {runner.log_of(job.job_id)}")
        read: dict[str, Any] = json.loads(report.read_text())
        return read


def show(report: dict[str, Any], *, as_json: bool) -> None:
    """A report for people or machines."""
    if as_json:
        print_json(report)
        return
    counts = {name: value for name, value in report.items() if not isinstance(value, list)}
    print_table(
        "Dry run: nothing was written",
        ("what", "would be"),
        [(name.replace("_", " "), value) for name, value in counts.items()],
    )
    for name in ("distrust", "uncertified"):
        for line in report.get(name, ()):
            print(f"{name}: {line}")
