"""Which records are one property."""
