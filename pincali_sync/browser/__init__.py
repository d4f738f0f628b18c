"""The browser that detail pages are fetched with: a sealed room with one way out."""
