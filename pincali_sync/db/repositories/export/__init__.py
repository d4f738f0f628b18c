"""SQL of exports and the feed of changes."""
