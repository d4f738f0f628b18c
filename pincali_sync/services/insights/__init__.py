"""What people and machines are shown of the present."""
