"""What the program does, one module a service of the specification, the rest by subject."""
