"""The steps of a tier run, one class each. A step may be repeated: a tick after a crash does it."""
