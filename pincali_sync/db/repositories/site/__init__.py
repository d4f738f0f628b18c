"""SQL of the site: its timeline, its pauses, its sitemap."""
