"""One transaction and the repositories that speak SQL in it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.repositories.export import exports, feed, webhooks
from pincali_sync.db.repositories.health import catalog, consistency, server
from pincali_sync.db.repositories.identity import identities, resolving, takeovers
from pincali_sync.db.repositories.insights import dossier, figures, history, news
from pincali_sync.db.repositories.listings import ages, browsing, live, scrapes
from pincali_sync.db.repositories.people import people
from pincali_sync.db.repositories.prices import price_change
from pincali_sync.db.repositories.quality import oddities, quality
from pincali_sync.db.repositories.queue import freshness, outside, queue, queue_fill, queue_rows
from pincali_sync.db.repositories.removal import batches, certificates, checks, counting, settlement
from pincali_sync.db.repositories.runs import jobs, nodes, runs, sessions
from pincali_sync.db.repositories.scan import familiar, manifest, manifest_batch, manifest_store
from pincali_sync.db.repositories.site import listed, pace, sitemap


class UnitOfWork:
    """The repositories, all on the same connection and so in the same transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.ages = ages.AgesRepository(connection)
        self.audits = checks.AuditRepository(connection)
        self.batches = batches.BatchRepository(connection)
        self.browsing = browsing.BrowsingRepository(connection)
        self.catalog = catalog.CatalogRepository(connection)
        self.certificates = certificates.CertificateRepository(connection)
        self.checks = checks.CheckRepository(connection)
        self.consistency = consistency.ConsistencyRepository(connection)
        self.dossier = dossier.DossierRepository(connection)
        self.exports = exports.ExportRepository(connection)
        self.familiar = familiar.FamiliarRepository(connection)
        self.feed = feed.ChangeFeedRepository(connection)
        self.figures = figures.FiguresRepository(connection)
        self.freshness = freshness.FreshnessRepository(connection)
        self.history = history.HistoryRepository(connection)
        self.identities = identities.IdentityRepository(connection)
        self.incidents = history.IncidentRepository(connection)
        self.jobs, self.locks = jobs.JobRepository(connection), jobs.LockRepository(connection)
        self.listed = listed.ListedRepository(connection)
        self.live = live.LiveRepository(connection)
        self.manifest = manifest.ManifestRepository(connection)
        self.manifest_batch = manifest_batch.ManifestBatchRepository(connection)
        self.manifest_store = manifest_store.ManifestStoreRepository(connection)
        self.missing = counting.MissingRepository(connection)
        self.news, self.nodes = news.NewsRepository(connection), nodes.NodeRepository(connection)
        self.oddities = oddities.OddityRepository(connection)
        self.outside = outside.OutsideRepository(connection)
        self.pace, self.pauses = pace.PaceRepository(connection), pace.PauseRepository(connection)
        self.people = people.PeopleRepository(connection)
        self.quality = quality.QualityRepository(connection)
        self.queue = queue.QueueRepository(connection)
        self.queue_fill = queue_fill.QueueFillRepository(connection)
        self.queue_rows = queue_rows.QueueRowRepository(connection)
        self.records = resolving.RecordRepository(connection)
        self.reviews = price_change.ReviewRepository(connection)
        self.runs = runs.RunRepository(connection)
        self.scrapes = scrapes.ScrapeRepository(connection)
        self.server = server.ServerRepository(connection)
        self.sessions = sessions.SessionRepository(connection)
        self.settlements = settlement.SettlementRepository(connection)
        self.sitemap = sitemap.SitemapRepository(connection)
        self.takeovers = takeovers.TakeoverRepository(connection)
        self.webhooks = webhooks.WebhookRepository(connection)
