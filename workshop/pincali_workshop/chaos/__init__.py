"""`make chaos`: real kills at seeded moments of all tiers, and whether any of it shows."""
