"""What the site's answers come to: items and outcomes, whoever fetched them."""
