"""SQL of figures, incidents and the history of one record."""
