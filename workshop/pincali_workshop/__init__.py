"""The workshop: what the product is tried on, and the local stack. No deployed egg carries it."""
