"""Programs of this checkout."""
