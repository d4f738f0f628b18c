"""Figures as HTML and SVG: templates and charts that pages and reports share."""
