"""The invented listings and what becomes of them: a pure function of seed and time."""
