"""The tables, as SQLAlchemy models: what migrations are checked against."""

from pincali_sync.db.models.decisions import (
    IdentityCandidate,
    PriceReview,
    RefreshTarget,
    SyncPause,
)
from pincali_sync.db.models.insights import (
    AlertIncident,
    InsightHistory,
    QualityReport,
    RemovalAudit,
    RetiredTotal,
    ServiceHeartbeat,
)
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
    ManifestWalk,
    PropertyAlias,
    PropertyManifest,
    PropertySighting,
)
from pincali_sync.db.models.removals import RemovalBatch, RemovalCheck, ScanCertificate
from pincali_sync.db.models.sitemap import SitemapPass, SitemapShard, SitemapUrl
from pincali_sync.db.models.work import ScrapeQueue, ServiceLock, SitePace, SyncRun, SyncRunJob

__all__ = [
    "AlertIncident",
    "IdentityCandidate",
    "InsightHistory",
    "ManifestPage",
    "ManifestWalk",
    "PriceReview",
    "PropertyAlias",
    "PropertyChange",
    "PropertyLive",
    "PropertyManifest",
    "PropertyScrapeStaging",
    "PropertySighting",
    "QualityReport",
    "RefreshTarget",
    "RemovalAudit",
    "RemovalBatch",
    "RemovalCheck",
    "RetiredTotal",
    "ScanCertificate",
    "ScrapeQueue",
    "ScrapingError",
    "ScrapingSession",
    "ServiceHeartbeat",
    "ServiceLock",
    "SitePace",
    "SitemapPass",
    "SitemapShard",
    "SitemapUrl",
    "SyncMetadata",
    "SyncPause",
    "SyncRun",
    "SyncRunJob",
    "ValidationRule",
]
