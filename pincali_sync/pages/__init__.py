"""What the site's pages say: markup in, values out."""
