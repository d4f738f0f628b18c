"""SQL of prices: when one has changed, and which wait for a person."""
