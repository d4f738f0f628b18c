"""Only for `scrapyd-deploy`, which builds its egg with it; pyproject.toml says everything."""

from setuptools import setup

setup()
