"""The schema this code was written for."""

SCHEMA_REVISION = "0002_hybrid_sync"
