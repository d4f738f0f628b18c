"""Tier runs: their jobs, their steps, and what keeps the queue going between them."""
