"""The schema this code was written for."""

SCHEMA_REVISION = "0007_history"
