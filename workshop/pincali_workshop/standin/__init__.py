"""A stand-in of pincali.com: its markup, listings of our own making, and a clock to turn."""
