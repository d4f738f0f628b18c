"""What the data are worth."""
