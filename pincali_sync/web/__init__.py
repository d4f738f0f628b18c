"""The dashboard: pages for people, and `/metrics` for Prometheus."""
