"""The steps of a tier run."""
