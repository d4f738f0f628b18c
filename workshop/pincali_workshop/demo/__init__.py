"""`make demo`: the product at work against the stand-in, and whether it found the truth."""
