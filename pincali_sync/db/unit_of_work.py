"""One transaction and the repositories that speak SQL in it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.repositories.audits import AuditRepository
from pincali_sync.db.repositories.change_feed import ChangeFeedRepository
from pincali_sync.db.repositories.closeups import CloseupRepository
from pincali_sync.db.repositories.diff import DiffRepository
from pincali_sync.db.repositories.dossier import DossierRepository
from pincali_sync.db.repositories.exports import ExportRepository
from pincali_sync.db.repositories.figures import FiguresRepository
from pincali_sync.db.repositories.freshness import FreshnessRepository
from pincali_sync.db.repositories.identities import IdentityRepository
from pincali_sync.db.repositories.incidents import IncidentRepository
from pincali_sync.db.repositories.jobs import JobRepository
from pincali_sync.db.repositories.live import LiveRepository
from pincali_sync.db.repositories.locks import LockRepository
from pincali_sync.db.repositories.manifest import ManifestRepository
from pincali_sync.db.repositories.manifest_batch import ManifestBatchRepository
from pincali_sync.db.repositories.pace import PaceRepository
from pincali_sync.db.repositories.pauses import PauseRepository
from pincali_sync.db.repositories.quality import QualityRepository
from pincali_sync.db.repositories.quality_reports import QualityReportRepository
from pincali_sync.db.repositories.queue import QueueRepository
from pincali_sync.db.repositories.queue_fill import QueueFillRepository
from pincali_sync.db.repositories.removals import RemovalRepository
from pincali_sync.db.repositories.reviews import ReviewRepository
from pincali_sync.db.repositories.rules import RuleRepository
from pincali_sync.db.repositories.runs import RunRepository
from pincali_sync.db.repositories.scrapes import ScrapeRepository
from pincali_sync.db.repositories.sessions import SessionRepository
from pincali_sync.db.repositories.sitemap import SitemapRepository


class UnitOfWork:
    """The repositories, all on the same connection and so in the same transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.audits = AuditRepository(connection)
        self.closeups = CloseupRepository(connection)
        self.diff = DiffRepository(connection)
        self.dossier = DossierRepository(connection)
        self.figures = FiguresRepository(connection)
        self.exports = ExportRepository(connection)
        self.feed = ChangeFeedRepository(connection)
        self.freshness = FreshnessRepository(connection)
        self.identities = IdentityRepository(connection)
        self.incidents = IncidentRepository(connection)
        self.jobs = JobRepository(connection)
        self.live = LiveRepository(connection)
        self.locks = LockRepository(connection)
        self.manifest = ManifestRepository(connection)
        self.manifest_batch = ManifestBatchRepository(connection)
        self.pace = PaceRepository(connection)
        self.pauses = PauseRepository(connection)
        self.quality = QualityRepository(connection)
        self.quality_reports = QualityReportRepository(connection)
        self.queue = QueueRepository(connection)
        self.queue_fill = QueueFillRepository(connection)
        self.removals = RemovalRepository(connection)
        self.reviews = ReviewRepository(connection)
        self.rules = RuleRepository(connection)
        self.runs = RunRepository(connection)
        self.scrapes = ScrapeRepository(connection)
        self.sessions = SessionRepository(connection)
        self.sitemap = SitemapRepository(connection)
