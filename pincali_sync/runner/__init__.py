"""Starting jobs: by Scrapyd, or as processes of this machine."""
