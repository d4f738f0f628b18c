"""Mutated pages for every parser: no crash, no long time, no great memory, no nonsense.

`python -m tests.fuzz --inputs 100000` runs it; an input is a function of seed and number.
"""
