"""Around each request: pace, refusals, retries."""
