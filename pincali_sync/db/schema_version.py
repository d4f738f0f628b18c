"""The schema this code was written for."""

SCHEMA_REVISION = "0005_full_manifest"
