"""What `docs/reference` says of variables, commands, tables, metrics and states, from the code."""
