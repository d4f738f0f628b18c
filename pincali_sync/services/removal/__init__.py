"""Removal, from absence to proof: count, verify, judge, apply, audit."""
