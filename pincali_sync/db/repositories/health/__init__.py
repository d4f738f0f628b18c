"""What `doctor` asks of the database."""
