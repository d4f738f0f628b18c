"""Download handlers: how an answer is taken, over HTTP and in the browser."""
