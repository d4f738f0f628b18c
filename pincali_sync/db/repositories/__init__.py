"""SQL, one class a subject, each statement beside the method that runs it."""
