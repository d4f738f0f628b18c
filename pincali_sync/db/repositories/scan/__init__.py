"""SQL of listing pages on their way into the manifest."""
