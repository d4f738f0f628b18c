"""The schema this code was written for."""

SCHEMA_REVISION = "0006_insights"
