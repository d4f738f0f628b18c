"""SQL of rules and quality reports."""
