"""SQL of detail pages on their way into the live table."""
