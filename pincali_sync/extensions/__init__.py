"""A job's sign of life, progress and end."""
