"""Scans of listing pages."""
