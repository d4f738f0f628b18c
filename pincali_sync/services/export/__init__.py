"""The data on their way out: files and the feed of changes."""
