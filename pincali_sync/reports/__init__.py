"""Reports as files: one self-contained page, and a summary in Markdown."""
