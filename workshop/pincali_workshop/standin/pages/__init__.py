"""The site's markup: states of listings in, HTML as bytes out."""
