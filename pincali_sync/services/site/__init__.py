"""The site itself: its pace, its pauses, its sitemap."""
