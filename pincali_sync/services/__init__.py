"""What the program does, one module a service of the specification, the rest by subject."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pincali_sync.services.manifest_scan_service import (
        ManifestScanService as ManifestScanService,
    )
    from pincali_sync.services.property_diff_service import (
        PropertyDiffService as PropertyDiffService,
    )
    from pincali_sync.services.property_sync_orchestrator import (
        PropertySyncOrchestrator as PropertySyncOrchestrator,
    )
    from pincali_sync.services.scheduler_service import SchedulerService as SchedulerService
    from pincali_sync.services.scrape_queue_service import ScrapeQueueService as ScrapeQueueService
    from pincali_sync.services.tier_orchestrator import TierOrchestrator as TierOrchestrator

# Where each of them is: loaded when it is asked for, as most who come here want another module.
_HOMES = {
    "ManifestScanService": "manifest_scan_service",
    "PropertyDiffService": "property_diff_service",
    "PropertySyncOrchestrator": "property_sync_orchestrator",
    "SchedulerService": "scheduler_service",
    "ScrapeQueueService": "scrape_queue_service",
    "TierOrchestrator": "tier_orchestrator",
}

if not TYPE_CHECKING:  # which would take any name for one that is there

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
