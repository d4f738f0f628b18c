"""Prices that wait for a person."""
