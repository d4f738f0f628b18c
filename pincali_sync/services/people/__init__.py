"""People that listings name: how long, and how they are forgotten."""
