"""SQL of runs, jobs, sessions and locks."""
