"""One transaction and the repositories that speak SQL in it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.repositories.export.change_feed import ChangeFeedRepository
from pincali_sync.db.repositories.export.exports import ExportRepository
from pincali_sync.db.repositories.identity.identities import IdentityRepository
from pincali_sync.db.repositories.insights.dossier import DossierRepository
from pincali_sync.db.repositories.insights.figures import FiguresRepository
from pincali_sync.db.repositories.insights.history import HistoryRepository
from pincali_sync.db.repositories.insights.incidents import IncidentRepository
from pincali_sync.db.repositories.listings.live import LiveRepository
from pincali_sync.db.repositories.listings.scrapes import ScrapeRepository
from pincali_sync.db.repositories.prices.reviews import ReviewRepository
from pincali_sync.db.repositories.quality.oddities import OddityRepository
from pincali_sync.db.repositories.quality.quality import QualityRepository
from pincali_sync.db.repositories.quality.rules import RuleRepository
from pincali_sync.db.repositories.queue.freshness import FreshnessRepository
from pincali_sync.db.repositories.queue.queue import QueueRepository
from pincali_sync.db.repositories.queue.queue_fill import QueueFillRepository
from pincali_sync.db.repositories.queue.queue_rows import QueueRowRepository
from pincali_sync.db.repositories.removal.audits import AuditRepository
from pincali_sync.db.repositories.removal.batches import BatchRepository
from pincali_sync.db.repositories.removal.certificates import CertificateRepository
from pincali_sync.db.repositories.removal.checks import CheckRepository
from pincali_sync.db.repositories.removal.counting import MissingRepository
from pincali_sync.db.repositories.runs.jobs import JobRepository
from pincali_sync.db.repositories.runs.locks import LockRepository
from pincali_sync.db.repositories.runs.runs import RunRepository
from pincali_sync.db.repositories.runs.sessions import SessionRepository
from pincali_sync.db.repositories.scan.diff import DiffRepository
from pincali_sync.db.repositories.scan.manifest import ManifestRepository
from pincali_sync.db.repositories.scan.manifest_batch import ManifestBatchRepository
from pincali_sync.db.repositories.scan.manifest_pages import ManifestPageRepository
from pincali_sync.db.repositories.scan.manifest_store import ManifestStoreRepository
from pincali_sync.db.repositories.site.pace import PaceRepository
from pincali_sync.db.repositories.site.pauses import PauseRepository
from pincali_sync.db.repositories.site.sitemap import SitemapRepository


class UnitOfWork:
    """The repositories, all on the same connection and so in the same transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.audits = AuditRepository(connection)
        self.batches = BatchRepository(connection)
        self.certificates = CertificateRepository(connection)
        self.checks = CheckRepository(connection)
        self.diff = DiffRepository(connection)
        self.dossier = DossierRepository(connection)
        self.figures = FiguresRepository(connection)
        self.exports = ExportRepository(connection)
        self.feed = ChangeFeedRepository(connection)
        self.freshness = FreshnessRepository(connection)
        self.history = HistoryRepository(connection)
        self.identities = IdentityRepository(connection)
        self.incidents = IncidentRepository(connection)
        self.jobs = JobRepository(connection)
        self.live = LiveRepository(connection)
        self.locks = LockRepository(connection)
        self.manifest = ManifestRepository(connection)
        self.manifest_batch = ManifestBatchRepository(connection)
        self.oddities = OddityRepository(connection)
        self.manifest_pages = ManifestPageRepository(connection)
        self.manifest_store = ManifestStoreRepository(connection)
        self.missing = MissingRepository(connection)
        self.pace = PaceRepository(connection)
        self.pauses = PauseRepository(connection)
        self.quality = QualityRepository(connection)
        self.queue = QueueRepository(connection)
        self.queue_fill = QueueFillRepository(connection)
        self.queue_rows = QueueRowRepository(connection)
        self.reviews = ReviewRepository(connection)
        self.rules = RuleRepository(connection)
        self.runs = RunRepository(connection)
        self.scrapes = ScrapeRepository(connection)
        self.sessions = SessionRepository(connection)
        self.sitemap = SitemapRepository(connection)
