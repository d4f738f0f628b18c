"""SQL of records that may be one property."""
