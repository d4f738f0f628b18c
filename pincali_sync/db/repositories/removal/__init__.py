"""SQL of removal: certificates, missing counts, verdicts, batches, audits."""
