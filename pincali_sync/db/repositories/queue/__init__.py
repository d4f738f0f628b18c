"""SQL of the queue of detail pages."""
