"""Weeks of all four tiers in minutes: a stand-in of the site, and a clock that is moved by hand."""
