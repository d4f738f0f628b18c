"""The words of `listing_status`, and how the older `status` column follows them."""

from __future__ import annotations

# Rows that count as being there, or may be: what price, stale and missing selections look at.
PRESENT = "('active', 'relisted', 'likely_removed')"
REMOVED = "('confirmed_removed', 'sold')"

# Missing in so many certified scans in a row makes a listing likely removed; after so many without
# a verdict it leaves the active counts and waits for a person.
LIKELY_AFTER = 2
INACTIVE_AFTER = 3
