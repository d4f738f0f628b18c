"""The tables, as SQLAlchemy models: what migrations are checked against."""

from pincali_sync.db.models.journal import (
    PropertyChange,
    ScrapingError,
    ScrapingSession,
    SyncMetadata,
    ValidationRule,
)
from pincali_sync.db.models.listings import PropertyLive, PropertyScrapeStaging
from pincali_sync.db.models.manifest import (
    ManifestPage,
    PropertyAlias,
    PropertyManifest,
    PropertySighting,
)
from pincali_sync.db.models.work import ScrapeQueue, ServiceLock, SitePace, SyncRun, SyncRunJob

__all__ = [
    "ManifestPage",
    "PropertyAlias",
    "PropertyChange",
    "PropertyLive",
    "PropertyManifest",
    "PropertyScrapeStaging",
    "PropertySighting",
    "ScrapeQueue",
    "ScrapingError",
    "ScrapingSession",
    "ServiceLock",
    "SitePace",
    "SyncMetadata",
    "SyncRun",
    "SyncRunJob",
    "ValidationRule",
]
