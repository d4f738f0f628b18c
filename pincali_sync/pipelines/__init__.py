"""From items to services."""
