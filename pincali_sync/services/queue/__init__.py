"""What the queue of detail pages is filled with."""
