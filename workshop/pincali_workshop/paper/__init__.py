"""Months of the real site's size, on paper: pages are the items that reading them would give."""
