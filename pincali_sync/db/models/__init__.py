"""The tables, as SQLAlchemy models: `metadata` is what migrations are checked against."""

from pincali_sync.db.base import Base
from pincali_sync.db.models import (  # noqa: F401 (each registers its tables)
    decisions,
    journal,
    listings,
    manifest,
    work,
)

metadata = Base.metadata
