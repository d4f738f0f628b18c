"""Pincali Sync keeps a PostgreSQL database of pincali.com listings true to within hours."""
