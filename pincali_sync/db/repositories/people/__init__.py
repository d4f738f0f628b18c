"""SQL of people that listings name."""
